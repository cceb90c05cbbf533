"""The mel spectrogram that Wav2Lip was trained with, at once or column by column, and which of it a frame sees.

A restatement in NumPy of what the published audio code computes with librosa 0.7: its parameters are the training's
and must not change.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

RATE = 16_000
"""Samples a second of the sound that is looked at."""
BANDS = 80
HOP = 200
"""Samples from one column to the next: 80 columns a second."""
WINDOW_COLUMNS = 16
"""Columns that the network sees for one frame: 0.2 s."""
SILENCE = -4.0
"""What every band shows where there is no sound: the floor of 1e-5 is -100 dB, clipped to the lowest value."""

_WIDTH = 800  # samples under one column's window; its centre is the column's time
_MARGIN = _WIDTH // 2
_PREEMPHASIS = 0.97
_LOWEST_HZ, _HIGHEST_HZ = 55.0, 7600.0
_FLOOR = 1e-5
_REFERENCE_DB = 20.0
_RANGE_DB = 100.0
_SCALE = 4.0
_AT_ONCE = 2048  # columns that are transformed at the same time: 13 MB of windows

_TRAINING_FPS = 25

Columns = NDArray[np.float32]


def log_mel(samples: NDArray[np.float32]) -> Columns:
    """(n,) mono at 16 kHz to (80, 1 + n // 200) in [-4, 4]; column t is centred at 12.5 ms * t. No sound, no columns.

    The steps: pre-emphasis ``x[i] - 0.97 x[i-1]``; short-time Fourier transform of 800 samples under a periodic Hann
    window every 200, the signal mirrored at both ends; magnitude; 80 triangular bands from 55 to 7600 Hz, on the mel
    scale and with the area norm of Slaney's Auditory Toolbox; ``20 log10(max(1e-5, a)) - 20`` dB; [-100, 0] dB scaled
    to [-4, 4] and clipped.
    """
    stream = MelStream()
    return np.concatenate([stream.add(samples), stream.finish()], axis=1)


class MelStream:
    """:func:`log_mel` of a sound that is still growing: the same columns, each as soon as its samples are known.

    Holds no more than 800 samples. For one thread.
    """

    def __init__(self) -> None:
        self._last = 0.0
        self._waiting = np.zeros(0)  # pre-emphasised, from the first sample that a column still needs
        self._mirrored = False

    def add(self, samples: NDArray[np.float32]) -> Columns:
        """(n,) mono at 16 kHz, the samples that follow, to the (80, k) columns that are now known, k >= 0."""
        if samples.ndim != 1:
            raise ValueError(f"sound is one row of samples, not {samples.shape}")
        if len(samples) == 0:
            return np.zeros((BANDS, 0), np.float32)
        given = samples.astype(np.float64)
        emphasised = given - _PREEMPHASIS * np.concatenate([[self._last], given[:-1]])
        self._last = float(given[-1])
        self._waiting = np.concatenate([self._waiting, emphasised])
        if not self._mirrored:
            if len(self._waiting) <= _MARGIN:
                return np.zeros((BANDS, 0), np.float32)
            self._mirror(before=_MARGIN)
        return self._columns()

    def finish(self) -> Columns:
        """The (80, k) columns at the end of the sound. Nothing can be added after."""
        if len(self._waiting) == 0:
            return np.zeros((BANDS, 0), np.float32)
        self._mirror(before=0 if self._mirrored else _MARGIN, after=_MARGIN)
        return self._columns()

    def _mirror(self, before: int, after: int = 0) -> None:
        # A sound shorter than half a window is mirrored back and forth, where librosa would refuse it.
        self._waiting = np.pad(self._waiting, (before, after), "reflect")
        self._mirrored = True

    def _columns(self) -> Columns:
        parts = []
        while len(self._waiting) >= _WIDTH:
            frames = np.lib.stride_tricks.sliding_window_view(self._waiting, _WIDTH)[::HOP][:_AT_ONCE]
            magnitude = np.abs(np.fft.rfft(frames * _hann(), axis=1))
            decibels = 20.0 * np.log10(np.maximum(_FLOOR, magnitude @ _filters().T)) - _REFERENCE_DB
            scaled = 2 * _SCALE * (decibels + _RANGE_DB) / _RANGE_DB - _SCALE
            parts.append(np.clip(scaled, -_SCALE, _SCALE).T.astype(np.float32))
            self._waiting = self._waiting[HOP * len(frames) :].copy()
        return np.concatenate(parts, axis=1) if parts else np.zeros((BANDS, 0), np.float32)


class MelWindows:
    """The 16 columns of each frame, of a sound that is still growing. For one thread."""

    def __init__(self, fps: int) -> None:
        self._fps = fps
        self._stream = MelStream()
        self._given = 0
        # Everything before the sound is silence; what is kept begins at column `_first`.
        self._first = min(0, int(window_starts(0, 1, fps)[0]))
        self._kept = np.full((BANDS, -self._first), SILENCE, np.float32)

    def add(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n,) mono at 16 kHz, the samples that follow, to the (k, 80, 16) windows that are now known, k >= 0."""
        self._kept = np.concatenate([self._kept, self._stream.add(samples)], axis=1)
        known = self._first + self._kept.shape[1]
        # Frames whose window ends inside of what is known: the starts grow by no less than a column a frame.
        starts = window_starts(self._given, max(0, known - self._first) + 1, self._fps)
        return self._take(int(np.searchsorted(starts, known - WINDOW_COLUMNS, side="right")))

    def finish(self, frames: int) -> NDArray[np.float32]:
        """The windows of all frames not given yet, so that it were ``frames`` in all; past the sound lies silence."""
        if frames < self._given:
            raise ValueError(f"{self._given} frames were given already, more than {frames}")
        self._kept = np.concatenate([self._kept, self._stream.finish()], axis=1)
        count = frames - self._given
        if count:
            end = int(window_starts(frames - 1, 1, self._fps)[0]) + WINDOW_COLUMNS
            missing = max(0, end - self._first - self._kept.shape[1])
            self._kept = np.concatenate([self._kept, np.full((BANDS, missing), SILENCE, np.float32)], axis=1)
        return self._take(count)

    def _take(self, count: int) -> NDArray[np.float32]:
        starts = window_starts(self._given, count + 1, self._fps) - self._first
        self._given += count
        columns = starts[:count, None] + np.arange(WINDOW_COLUMNS)
        windows = np.ascontiguousarray(self._kept[:, columns].transpose(1, 0, 2))
        self._first += int(starts[count])
        self._kept = self._kept[:, starts[count] :]
        return windows


def window_starts(first: int, count: int, fps: int) -> NDArray[np.int64]:
    """(count,) the first of the 16 columns that each frame from ``first`` on sees; negative before the sound.

    In training, at 25 frames a second, frame f sees the columns from ``floor(80 (f - 1) / 25)`` on: its window begins
    60 ms before the middle of the time for which the frame is shown. That is kept at any rate, since a frame stands
    for the whole of its time: the window begins at ``(f + 1/2) / fps - 0.06`` seconds. (The published inference
    begins at ``80 f / 25`` and so runs a frame ahead of the sound.)
    """
    frame = np.arange(first, first + count, dtype=np.int64)
    # 80 ((2f + 1) / (2 fps) - 3 / (2 * 25)), in whole numbers.
    starts: NDArray[np.int64] = (40 * ((2 * frame + 1) * _TRAINING_FPS - 3 * fps)) // (_TRAINING_FPS * fps)
    return starts


def mel_windows(mel: Columns, frames: int, fps: int) -> NDArray[np.float32]:
    """(80, T) columns to the (frames, 80, 16) windows of a video; outside of the columns is silence."""
    starts = window_starts(0, frames, fps)
    before = max(0, -int(starts[0])) if frames else 0
    after = max(0, int(starts[-1]) + WINDOW_COLUMNS - mel.shape[1]) if frames else 0
    padded = np.pad(mel, ((0, 0), (before, after)), constant_values=SILENCE)
    columns = before + starts[:, None] + np.arange(WINDOW_COLUMNS)
    return np.ascontiguousarray(padded[:, columns].transpose(1, 0, 2))


@cache
def _hann() -> NDArray[np.float64]:
    """(800,) periodic."""
    window: NDArray[np.float64] = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_WIDTH) / _WIDTH)
    window.setflags(write=False)
    return window


@cache
def _filters() -> NDArray[np.float64]:
    """(80, 401) the weight of each frequency in each band."""
    edges = _hertz(np.linspace(_mel(_LOWEST_HZ), _mel(_HIGHEST_HZ), BANDS + 2))
    frequencies = np.fft.rfftfreq(_WIDTH, 1 / RATE)
    low, middle, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    rising, falling = (frequencies - low) / (middle - low), (high - frequencies) / (high - middle)
    filters: NDArray[np.float64] = np.maximum(0, np.minimum(rising, falling)) * 2 / (high - low)
    filters.setflags(write=False)
    return filters


# Slaney, Auditory Toolbox (1998): linear below 1 kHz, 200/3 Hz a mel; above it 27 mels for a factor of 6.4.
_HERTZ_A_MEL = 200 / 3
_BREAK_HZ = 1000.0
_LOG_STEP = np.log(6.4) / 27


def _mel(hertz: float) -> float:
    if hertz < _BREAK_HZ:
        return hertz / _HERTZ_A_MEL
    return float(_BREAK_HZ / _HERTZ_A_MEL + np.log(hertz / _BREAK_HZ) / _LOG_STEP)


def _hertz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    kink = _BREAK_HZ / _HERTZ_A_MEL
    hertz: NDArray[np.float64] = np.where(
        mel < kink, mel * _HERTZ_A_MEL, _BREAK_HZ * np.exp(_LOG_STEP * (mel - kink))
    )
    return hertz
