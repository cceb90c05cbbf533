"""The mel spectrogram that Wav2Lip was trained with, whole or as a stream, and its window for each video frame.

A NumPy implementation of what the published audio code computes with librosa 0.7. The parameters are those of the
training and must not change.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from lipsync.audio.mel_filter_bank import mel_filter_bank

RATE = 16_000
"""Sample rate of the input in Hz."""
BANDS = 80
HOP = 200
"""Samples from one column to the next: 80 columns per second."""
WINDOW_COLUMNS = 16
"""Columns in the input of the network for one video frame: 0.2 s."""
SILENCE = -4.0
"""Value of every band in silence: the floor of 1e-5 is -100 dB, clipped to the lowest value."""

_WIDTH = 800  # samples in the window of one column; its centre is the time of the column
_MARGIN = _WIDTH // 2
_PREEMPHASIS = 0.97
_LOWEST_HZ, _HIGHEST_HZ = 55.0, 7600.0
_FLOOR = 1e-5
_REFERENCE_DB = 20.0
_RANGE_DB = 100.0
_SCALE = 4.0
_BLOCK_COLUMNS = 2048  # columns transformed at once: 13 MB of windows

_TRAINING_FPS = 25

Columns = NDArray[np.float32]


def log_mel(samples: NDArray[np.float32]) -> Columns:
    """Compute the mel spectrogram of (n,) float32 mono samples at 16 kHz: (80, 1 + n // 200) float32 in [-4, 4].

    Column t is centred at 12.5 ms * t. An empty input gives (80, 0).

    The steps: pre-emphasis ``x[i] - 0.97 x[i-1]``; short-time Fourier transform of 800 samples under a periodic Hann
    window every 200, the signal mirrored at both ends; magnitude; 80 triangular bands from 55 to 7600 Hz, on the mel
    scale and with the area norm of Slaney's Auditory Toolbox; ``20 log10(max(1e-5, a)) - 20`` dB; [-100, 0] dB scaled
    to [-4, 4] and clipped.
    """
    stream = MelStream()
    return np.concatenate([stream.add(samples), stream.finish()], axis=1)


class MelStream:
    """Streaming :func:`log_mel`: the same columns, each as soon as its samples are known.

    Buffers at most 800 samples. Not thread-safe.
    """

    def __init__(self) -> None:
        self._last = 0.0
        self._buffer = np.zeros(0)  # pre-emphasised samples from the first one that a column still needs
        self._mirrored = False

    def add(self, samples: NDArray[np.float32]) -> Columns:
        """Append (n,) mono samples at 16 kHz; return the (80, k) columns that became known, k >= 0."""
        if samples.ndim != 1:
            raise ValueError(f"samples must be one-dimensional, not {samples.shape}")
        if len(samples) == 0:
            return np.zeros((BANDS, 0), np.float32)
        samples64 = samples.astype(np.float64)
        emphasised = samples64 - _PREEMPHASIS * np.concatenate([[self._last], samples64[:-1]])
        self._last = float(samples64[-1])
        self._buffer = np.concatenate([self._buffer, emphasised])
        if not self._mirrored:
            if len(self._buffer) <= _MARGIN:
                return np.zeros((BANDS, 0), np.float32)
            self._mirror(before=_MARGIN)
        return self._columns()

    def finish(self) -> Columns:
        """Return the last (80, k) columns. Nothing can be added afterwards."""
        if len(self._buffer) == 0:
            return np.zeros((BANDS, 0), np.float32)
        self._mirror(before=0 if self._mirrored else _MARGIN, after=_MARGIN)
        return self._columns()

    def _mirror(self, before: int, after: int = 0) -> None:
        # A sound shorter than half a window is mirrored repeatedly, where librosa would raise.
        self._buffer = np.pad(self._buffer, (before, after), "reflect")
        self._mirrored = True

    def _columns(self) -> Columns:
        parts = []
        while len(self._buffer) >= _WIDTH:
            frames = np.lib.stride_tricks.sliding_window_view(self._buffer, _WIDTH)[::HOP][:_BLOCK_COLUMNS]
            magnitude = np.abs(np.fft.rfft(frames * _hann(), axis=1))
            decibels = 20.0 * np.log10(np.maximum(_FLOOR, magnitude @ _filters().T)) - _REFERENCE_DB
            scaled = 2 * _SCALE * (decibels + _RANGE_DB) / _RANGE_DB - _SCALE
            parts.append(np.clip(scaled, -_SCALE, _SCALE).T.astype(np.float32))
            self._buffer = self._buffer[HOP * len(frames) :].copy()
        return np.concatenate(parts, axis=1) if parts else np.zeros((BANDS, 0), np.float32)


class MelWindows:
    """Streaming mel windows: the 16 columns of each video frame as the sound arrives. Not thread-safe."""

    def __init__(self, fps: int) -> None:
        self._fps = fps
        self._stream = MelStream()
        self._emitted = 0
        # Silence precedes the sound; the pending columns begin at column `_first`.
        self._first = min(0, int(window_starts(0, 1, fps)[0]))
        self._pending = np.full((BANDS, -self._first), SILENCE, np.float32)

    def add(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Append (n,) mono samples at 16 kHz; return the (k, 80, 16) windows that became known, k >= 0."""
        self._pending = np.concatenate([self._pending, self._stream.add(samples)], axis=1)
        known = self._first + self._pending.shape[1]
        # Frames whose window ends within the known columns: starts grow by at least one column per frame.
        starts = window_starts(self._emitted, max(0, known - self._first) + 1, self._fps)
        return self._take(int(np.searchsorted(starts, known - WINDOW_COLUMNS, side="right")))

    def finish(self, frames: int) -> NDArray[np.float32]:
        """Return the windows of the remaining frames up to ``frames`` in total; silence follows the sound."""
        if frames < self._emitted:
            raise ValueError(f"{self._emitted} frames were returned already, more than {frames}")
        self._pending = np.concatenate([self._pending, self._stream.finish()], axis=1)
        count = frames - self._emitted
        if count:
            end = int(window_starts(frames - 1, 1, self._fps)[0]) + WINDOW_COLUMNS
            missing = max(0, end - self._first - self._pending.shape[1])
            self._pending = np.concatenate([self._pending, np.full((BANDS, missing), SILENCE, np.float32)], axis=1)
        return self._take(count)

    def _take(self, count: int) -> NDArray[np.float32]:
        starts = window_starts(self._emitted, count + 1, self._fps) - self._first
        self._emitted += count
        columns = starts[:count, None] + np.arange(WINDOW_COLUMNS)
        windows = np.ascontiguousarray(self._pending[:, columns].transpose(1, 0, 2))
        self._first += int(starts[count])
        self._pending = self._pending[:, starts[count] :]
        return windows


def window_starts(first: int, count: int, fps: int) -> NDArray[np.int64]:
    """(count,) first of the 16 mel columns of each frame from ``first`` on; negative before the sound.

    In training, at 25 frames per second, the window of frame f starts at column ``floor(80 (f - 1) / 25)``, 60 ms
    before the middle of the interval in which the frame is shown. The same offset is used at any frame rate: the
    window starts at ``(f + 1/2) / fps - 0.06`` seconds. (The published inference starts at ``80 f / 25``, one frame
    ahead of the sound.)
    """
    frame = np.arange(first, first + count, dtype=np.int64)
    # 80 ((2f + 1) / (2 fps) - 3 / (2 * 25)), in integers.
    starts: NDArray[np.int64] = (40 * ((2 * frame + 1) * _TRAINING_FPS - 3 * fps)) // (_TRAINING_FPS * fps)
    return starts


@cache
def _hann() -> NDArray[np.float64]:
    """(800,) periodic."""
    window: NDArray[np.float64] = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_WIDTH) / _WIDTH)
    window.setflags(write=False)
    return window


def _filters() -> NDArray[np.float64]:
    """(80, 401) the weight of each frequency in each band."""
    return mel_filter_bank(
        BANDS, n_fft=_WIDTH, rate=RATE, min_hz=_LOWEST_HZ, max_hz=_HIGHEST_HZ, norm="slaney", mel_scale="slaney"
    )
