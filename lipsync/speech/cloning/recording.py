"""Reference recordings for voice cloning: decoding, and checks of speech, level, clipping, length and speakers.

The checks use level and pitch only, without a neural network. They find mistakes (music, a muted microphone, an
interview); they prove nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lipsync.audio.decode import read_sound
from lipsync.audio.errors import AudioTooLongError
from lipsync.audio.pitch import normalized_autocorrelation, strongest_period
from lipsync.audio.silence import MIN_RECORDING_LEVEL_DB, RECORDING_EDGE_DB
from lipsync.speech.errors import CloningError

RATE = 22050
"""Sample rate in Hz of the recordings, as XTTS expects."""
MIN_SPEECH_S, MAX_FILES_S = 6.0, 600.0
"""Minimum seconds of speech, and maximum seconds of all files together."""

_FRAME, _HOP = 1024, 441  # samples: windows of 46 ms every 20 ms
_PITCH_RANGE_HZ = (60.0, 500.0)  # from a man's creaky voice to a shouting child
_MIN_AUTOCORRELATION = 0.6
"""Normalized autocorrelation above which a frame is voiced (1 for a pure tone; noise stays below 0.4)."""
_REACH_FRAMES = 12  # frames around voiced ones that count as speech: unvoiced endings, pauses inside a sentence
_VOICED_DB = 25.0
"""Decibels below the loud passages under which a frame has no pitch."""
_TARGET_LEVEL_DB = -20.0
_MAX_CLIPPED_SHARE = 0.01  # share of samples above _CLIPPING_LEVEL
_CLIPPING_LEVEL = 0.985
_MIN_SPEAKER_GAP = 7.0
"""Semitones between the medians of two groups of seconds that count as two speakers."""
_MIN_SPEAKER_SHARE = 0.2


@dataclass(frozen=True)
class ReferenceRecording:
    """Reference speech of one speaker."""

    samples: NDArray[np.float32]
    """(n,) float32 mono at RATE Hz, without long pauses, at _TARGET_LEVEL_DB."""
    pitch: float
    """Median pitch in Hz."""

    @property
    def seconds(self) -> float:
        return len(self.samples) / RATE

    @property
    def sex(self) -> str:
        """``male`` below 150 Hz, ``female`` above 180 Hz, empty in between."""
        return "male" if self.pitch < 150 else "female" if self.pitch > 180 else ""


def load_reference(files: Sequence[bytes]) -> ReferenceRecording:
    """Decode sound files of one speaker and return the speech in them.

    Raises AudioError and AudioTooLongError as :func:`lipsync.audio.decode.read_sound`, and CloningError for
    recordings without speech, too short, too quiet, clipped, or of several speakers.
    """
    remaining_s = MAX_FILES_S
    parts = []
    for data in files:
        try:
            parts.append(read_sound(data, RATE, max_seconds=remaining_s))
        except AudioTooLongError as error:  # its limit is what the other files have left over
            raise AudioTooLongError("sound_too_long", limit=f"{MAX_FILES_S:g}") from error
        remaining_s -= len(parts[-1]) / RATE
    if not parts:
        raise CloningError("no_speech")
    return analyze(np.concatenate(parts))


def analyze(samples: NDArray[np.float32]) -> ReferenceRecording:
    """Check (n,) float32 ``samples`` at RATE Hz and return the speech in them.

    Raises CloningError as :func:`load_reference`.
    """
    if len(samples) / RATE < MIN_SPEECH_S:
        raise CloningError("sample_too_short", found=f"{len(samples) / RATE:.1f}", needed=f"{MIN_SPEECH_S:g}")
    level, pitch = _measure_frames(samples)
    loud = float(np.percentile(level, 95))
    if loud < MIN_RECORDING_LEVEL_DB:
        if np.count_nonzero(pitch) > 50:
            raise CloningError("sample_too_quiet", found=f"{-loud:.0f}")
        raise CloningError("no_speech")
    sounding = level > loud - RECORDING_EDGE_DB
    voiced = (pitch > 0) & (level > loud - _VOICED_DB)
    if not _is_speech(level[sounding], pitch[voiced], int(np.count_nonzero(sounding))):
        raise CloningError("no_speech")
    is_near_voice = np.convolve(voiced, np.ones(2 * _REACH_FRAMES + 1), "same") > 0.5
    is_speech = np.repeat(is_near_voice, _HOP)
    speech = samples[: len(is_speech)][is_speech[: len(samples)]]
    clipped = float(np.mean(np.abs(speech) > _CLIPPING_LEVEL * np.abs(speech).max()))
    if clipped > _MAX_CLIPPED_SHARE:
        raise CloningError("sample_clipped", found=f"{100 * clipped:.1f}")
    _check_one_speaker(pitch, voiced)
    if len(speech) / RATE < MIN_SPEECH_S:
        raise CloningError("sample_too_short", found=f"{len(speech) / RATE:.1f}", needed=f"{MIN_SPEECH_S:g}")
    gain = min(10 ** ((_TARGET_LEVEL_DB - loud) / 20), 0.95 / float(np.abs(speech).max()))
    return ReferenceRecording((speech * np.float32(gain)).astype(np.float32), float(np.median(pitch[voiced])))


def _measure_frames(samples: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(m,) level in dBFS and (m,) pitch in Hz (0 where unvoiced) of the frames of (n,) ``samples``, every 20 ms."""
    count = 1 + (len(samples) - _FRAME) // _HOP
    frames = np.lib.stride_tricks.sliding_window_view(samples, _FRAME)[::_HOP][:count]
    first, last = int(RATE / _PITCH_RANGE_HZ[1]), int(RATE / _PITCH_RANGE_HZ[0])
    rumble = round(_PITCH_RANGE_HZ[0] * 2 * _FRAME / RATE)  # bins of the spectrum: room rumble
    level, pitch = np.zeros(count), np.zeros(count)
    for start in range(0, count, 2000):  # bounds the memory: ten minutes have 30,000 frames
        block = frames[start : start + 2000].astype(np.float64)
        level[start : start + 2000] = 10 * np.log10(np.mean(block**2, axis=1) + 1e-12)
        similar = normalized_autocorrelation(block, last + 2, removed_bins=rumble)
        inner = similar[:, first : last + 1]
        peaks = (inner > similar[:, first - 1 : last]) & (inner >= similar[:, first + 1 : last + 2])
        strength, period = strongest_period(np.where(peaks, inner, 0.0), first)
        pitch[start : start + 2000] = np.where(strength > _MIN_AUTOCORRELATION, RATE / period, 0.0)
    return level, pitch


def _is_speech(level: NDArray[np.float64], pitch: NDArray[np.float64], sounding: int) -> bool:
    """Whether it is speech: partly voiced, with varying level and pitch. ``sounding`` is the number of audible
    frames."""
    if len(pitch) < 50 or not 0.2 < len(pitch) / sounding < 0.97:  # a second of voice, and some unvoiced consonants
        return False
    level_range = np.percentile(level, 90) - np.percentile(level, 20)
    pitch_deviation = np.std(12 * np.log2(pitch))
    return bool(level_range > 4.0 and pitch_deviation > 0.3)


def _check_one_speaker(pitch: NDArray[np.float64], voiced: NDArray[np.bool_]) -> None:
    """Raise CloningError if the seconds of the recording form two groups with distant pitches.

    Only runs of at least two seconds of the same group count: a voice may creak an octave lower in the last second of
    a sentence, but speakers take turns of several seconds.
    """
    blocks = [(pitch[start : start + 50], voiced[start : start + 50]) for start in range(0, len(pitch), 50)]
    seconds = np.array(
        [12 * np.log2(np.median(hertz[mask])) for hertz, mask in blocks if np.count_nonzero(mask) >= 15]
    )
    if len(seconds) < 5:
        return
    ordered = np.sort(seconds)
    within = [np.var(ordered[:at]) * at + np.var(ordered[at:]) * (len(ordered) - at) for at in range(1, len(ordered))]
    boundary = ordered[1 + int(np.argmin(within))]  # the split with the least variance within the groups
    is_high = seconds >= boundary
    same = is_high[1:] == is_high[:-1]
    in_run = np.append(same, False) | np.append(False, same)
    low, high = seconds[in_run & ~is_high], seconds[in_run & is_high]
    min_count = _MIN_SPEAKER_SHARE * len(seconds)
    if len(low) > min_count and len(high) > min_count and np.median(high) - np.median(low) > _MIN_SPEAKER_GAP:
        hertz = [f"{2 ** (float(np.median(group)) / 12):.0f}" for group in (low, high)]
        raise CloningError("several_speakers", low=hertz[0], high=hertz[1])
