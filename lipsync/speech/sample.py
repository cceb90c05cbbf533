"""Recordings of a person, given so that their voice is cloned: are they speech, loud, clean, long, of one person?

All of it is judged from level and pitch alone, so that it needs no network: it finds mistakes (music, an empty
microphone, an interview), and is no proof of anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lipsync.errors import LipsyncError
from lipsync.media.sound import read_sound

RATE = 22050
"""Samples a second that are listened to, and that XTTS studies."""
LEAST, MOST = 6.0, 600.0
"""Seconds of speech that are needed, and seconds of all files together that are heard."""

_FRAME, _HOP = 1024, 441  # samples: 46 ms every 20 ms
_PITCHES = (60.0, 500.0)  # Hz, of a man's creak to a child's call
_PERIODIC = 0.6
"""Autocorrelation at the period of a voiced sound (1 is a pure tone; noise stays below 0.4)."""
_REACH = 12  # frames around voiced ones that belong to speech: an unvoiced ending, a pause inside of a sentence
_FAINT, _SURE = 40.0, 25.0  # dB below the loud passages, from where nothing is speech, and nothing shows a pitch
_QUIET = -46.0  # dB of full scale, of the loud passages
_WANTED = -20.0
_CLIPPED = 0.01  # share of samples at the ceiling
_CEILING = 0.985
_GAP = 7.0
"""Semitones between two voices that are taken for two people: one person's seconds lie closer together."""
_SHARE = 0.2


@dataclass(frozen=True)
class Sample:
    """Speech of one person."""

    samples: NDArray[np.float32]
    """(n,) of RATE samples a second, without long pauses, at the usual level."""
    pitch: float
    """Hz, the median."""

    @property
    def seconds(self) -> float:
        return len(self.samples) / RATE

    @property
    def sex(self) -> str:
        """``male`` or ``female`` by the pitch; empty between them (165 Hz and its surroundings)."""
        return "male" if self.pitch < 150 else "female" if self.pitch > 180 else ""


def read_sample(files: Sequence[bytes]) -> Sample:
    """The speech in sound files of one person.

    Raises LipsyncError: what :func:`lipsync.media.sound.read_sound` raises, no_speech, sample_too_short,
    sample_too_quiet, sample_clipped, several_speakers.
    """
    left = MOST
    parts = []
    for data in files:
        try:
            parts.append(read_sound(data, RATE, max_seconds=left))
        except LipsyncError as error:
            if error.code == "sound_too_long":  # by what the other files have left over
                raise LipsyncError("sound_too_long", limit=f"{MOST:g}") from error
            raise
        left -= len(parts[-1]) / RATE
    if not parts:
        raise LipsyncError("no_speech")
    return listen(np.concatenate(parts))


def listen(samples: NDArray[np.float32]) -> Sample:
    """The speech in (n,) samples of RATE a second. Raises LipsyncError as :func:`read_sample`."""
    if len(samples) / RATE < LEAST:
        raise LipsyncError("sample_too_short", found=f"{len(samples) / RATE:.1f}", needed=f"{LEAST:g}")
    level, pitch = _levels_and_pitches(samples)
    loud = float(np.percentile(level, 95))
    if loud < _QUIET:
        if np.count_nonzero(pitch) > 50:
            raise LipsyncError("sample_too_quiet", found=f"{-loud:.0f}")
        raise LipsyncError("no_speech")
    sounding = level > loud - _FAINT
    voiced = (pitch > 0) & (level > loud - _SURE)
    if not _is_speech(level[sounding], pitch[voiced], int(np.count_nonzero(sounding))):
        raise LipsyncError("no_speech")
    kept = np.convolve(voiced, np.ones(2 * _REACH + 1), "same") > 0.5
    chosen = np.repeat(kept, _HOP)
    speech = samples[: len(chosen)][chosen[: len(samples)]]
    clipped = float(np.mean(np.abs(speech) > _CEILING * np.abs(speech).max()))
    if clipped > _CLIPPED:
        raise LipsyncError("sample_clipped", found=f"{100 * clipped:.1f}")
    _check_one_speaker(pitch, voiced)
    if len(speech) / RATE < LEAST:
        raise LipsyncError("sample_too_short", found=f"{len(speech) / RATE:.1f}", needed=f"{LEAST:g}")
    gain = min(10 ** ((_WANTED - loud) / 20), 0.95 / float(np.abs(speech).max()))
    return Sample((speech * np.float32(gain)).astype(np.float32), float(np.median(pitch[voiced])))


def _levels_and_pitches(samples: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(m,) levels in dB of full scale and (m,) pitches in Hz, 0 where nothing is voiced, every 20 ms."""
    count = 1 + (len(samples) - _FRAME) // _HOP
    frames = np.lib.stride_tricks.sliding_window_view(samples, _FRAME)[::_HOP][:count]
    window = np.hanning(_FRAME)
    of_window = np.fft.irfft(np.abs(np.fft.rfft(window, 2 * _FRAME)) ** 2)[:_FRAME]
    first, last = int(RATE / _PITCHES[1]), int(RATE / _PITCHES[0])
    level, pitch = np.zeros(count), np.zeros(count)
    for start in range(0, count, 2000):  # ten minutes have 30,000 frames
        block = frames[start : start + 2000].astype(np.float64)
        level[start : start + 2000] = 10 * np.log10(np.mean(block**2, axis=1) + 1e-12)
        block = (block - block.mean(axis=1, keepdims=True)) * window
        spectrum = np.abs(np.fft.rfft(block, 2 * _FRAME, axis=1)) ** 2
        spectrum[:, : round(_PITCHES[0] * 2 * _FRAME / RATE)] = 0.0  # the rumble of a room is no voice
        # Boersma 1993: the autocorrelation of a windowed sound, divided by that of the window.
        correlation = np.fft.irfft(spectrum, axis=1)[:, : last + 2]
        correlation *= of_window[0] / of_window[: last + 2] / (correlation[:, :1] + 1e-12)
        inner = correlation[:, first : last + 1]
        peaks = (inner > correlation[:, first - 1 : last]) & (inner >= correlation[:, first + 1 : last + 2])
        heights = np.where(peaks, inner, 0.0)
        best = heights.max(axis=1)
        # The first lag that is nearly as good: its multiples are as periodic.
        lag = first + np.argmax(heights >= 0.9 * best[:, None], axis=1)
        pitch[start : start + 2000] = np.where(best > _PERIODIC, RATE / lag, 0.0)
    return level, pitch


def _is_speech(level: NDArray[np.float64], pitch: NDArray[np.float64], sounding: int) -> bool:
    """Speech is partly voiced, and neither its level nor its pitch stays the same for long."""
    if len(pitch) < 50 or not 0.2 < len(pitch) / sounding < 0.97:  # a second of voice; and some s, t, k
        return False
    moves = np.percentile(level, 90) - np.percentile(level, 20)
    sings = np.std(12 * np.log2(pitch))
    return bool(moves > 4.0 and sings > 0.3)


def _check_one_speaker(pitch: NDArray[np.float64], voiced: NDArray[np.bool_]) -> None:
    """Two groups of seconds whose pitches are far apart are two people.

    Only neighbours of the same group count: many a person's voice creaks an octave lower for the last second of a
    sentence, but people take turns of several seconds.
    """
    heard = [(one, voiced[start : start + 50]) for start in range(0, len(pitch), 50) for one in [pitch[start:][:50]]]
    seconds = np.array([12 * np.log2(np.median(one[of])) for one, of in heard if np.count_nonzero(of) >= 15])
    if len(seconds) < 5:
        return
    ordered = np.sort(seconds)
    inside = [np.var(ordered[:at]) * at + np.var(ordered[at:]) * (len(ordered) - at) for at in range(1, len(ordered))]
    border = ordered[1 + int(np.argmin(inside))]  # between the best two groups there are
    is_high = seconds >= border
    same = is_high[1:] == is_high[:-1]
    lasts = np.append(same, False) | np.append(False, same)
    low, high = seconds[lasts & ~is_high], seconds[lasts & is_high]
    least = _SHARE * len(seconds)
    if len(low) > least and len(high) > least and np.median(high) - np.median(low) > _GAP:
        hertz = [f"{2 ** (float(np.median(group)) / 12):.0f}" for group in (low, high)]
        raise LipsyncError("several_speakers", low=hertz[0], high=hertz[1])
