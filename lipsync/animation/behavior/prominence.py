"""Which syllables of the speech stand out: those that a speaker nods on.

Prominence of a stressed vowel is the sum of how loud, how high and how long it is compared with the speaker's other
stressed vowels so far. Without stress marks the peaks of loudness take the place of stressed vowels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lipsync.animation.behavior.pitch import estimate_f0
from lipsync.animation.behavior.timeline import STEP
from lipsync.animation.sound_level import loudness
from lipsync.speech.types import Speech

_SHARES = np.array([0.8, 0.8, 0.5])
"""Weights of loudness, pitch and length, each in standard deviations."""
_STRESS = {"ˈ": 0.36, "ˌ": -0.36}
_NUCLEUS = 0.8
"""Added to the last stress of a sentence, which carries its accent."""
_MIN_DEVIATIONS = np.array([2.5, 1.5, 0.03])
"""Decibels, semitones and seconds: a smaller variation is not heard as an accent."""
_MEMORY = 40.0
"""Number of stressed vowels that the speaker's average goes back."""
_AROUND = (0.03, 0.05)
"""Seconds before and after a vowel in which its loudness and pitch have their peak."""
_PEAK_LENGTH = 0.10
"""Seconds taken for the length of a vowel at a peak of loudness."""
_MIN_PEAK, _PEAK_DISTANCE = 0.4, 0.15
"""Loudness of a peak, and seconds to a louder one, at least."""


@dataclass(frozen=True)
class Accent:
    """A syllable that may be marked by a nod."""

    time: float
    """Middle of its vowel in seconds of the video."""
    prominence: float
    """About -2 to 3; 0 is the average stressed vowel of this speaker."""


class RunningStatistics:
    """Mean and deviation of the last observations, each weighted less the older it is."""

    def __init__(self, memory: float, min_deviations: NDArray[np.float64]) -> None:
        self._memory = memory
        self._min_deviations = min_deviations
        self._weight = np.zeros(len(min_deviations))
        self._mean = np.zeros(len(min_deviations))
        self._variance = np.zeros(len(min_deviations))

    def add(self, observations: NDArray[np.float64]) -> None:
        """Take (n, C) ``observations`` into account, NaN where one is not known."""
        for row in observations:
            known = ~np.isnan(row)
            self._weight = np.minimum(self._weight + known, self._memory)
            change = np.where(known, row - self._mean, 0.0)
            share = known / np.maximum(self._weight, 1.0)
            self._mean = self._mean + share * change
            self._variance = (1 - share) * (self._variance + share * change**2)

    def standardize(self, observations: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n, C) ``observations`` in standard deviations from the mean, 0 where NaN."""
        deviations = np.maximum(np.sqrt(self._variance), self._min_deviations)
        return np.nan_to_num((observations - self._mean) / deviations)


class ProminenceMeter:
    """Measures the accents of consecutive pieces of one speaker."""

    def __init__(self) -> None:
        self._statistics = RunningStatistics(_MEMORY, _MIN_DEVIATIONS)

    def accents(self, speech: Speech, begins: float) -> list[Accent]:
        """The accents of a piece that begins at ``begins`` (seconds of the video), in order."""
        vowels = _stressed_vowels(speech) or _loudness_peaks(speech)
        if not vowels:
            return []
        features = _measure(speech, vowels)
        self._statistics.add(features)
        scores = self._statistics.standardize(features).clip(-2.5, 2.5) @ _SHARES
        scores += [bonus for _, _, bonus in vowels]
        scores[-1] += _NUCLEUS
        return [
            Accent(begins + (start + end) / 2, float(score))
            for (start, end, _), score in zip(vowels, scores, strict=True)
        ]


def _stressed_vowels(speech: Speech) -> list[tuple[float, float, float]]:
    """Start, end and bonus of the phones with a stress mark."""
    return [(p.start, p.end, _STRESS[p.symbol[0]]) for p in speech.phones if p.symbol[:1] in _STRESS]


def _loudness_peaks(speech: Speech) -> list[tuple[float, float, float]]:
    """Start, end and no bonus of a vowel taken to be at each peak of loudness."""
    times = np.arange(0.0, speech.duration, STEP)
    if len(times) < 3:
        return []
    loud = loudness(speech.samples, speech.rate, times)
    peaks = np.flatnonzero((loud[1:-1] > loud[:-2]) & (loud[1:-1] >= loud[2:]) & (loud[1:-1] > _MIN_PEAK)) + 1
    kept: list[int] = []
    for peak in peaks.tolist():
        if kept and (peak - kept[-1]) * STEP < _PEAK_DISTANCE:
            kept[-1] = max(kept[-1], peak, key=lambda place: float(loud[place]))
        else:
            kept.append(peak)
    half = _PEAK_LENGTH / 2
    return [(float(times[peak]) - half, float(times[peak]) + half, 0.0) for peak in kept]


def _measure(speech: Speech, vowels: list[tuple[float, float, float]]) -> NDArray[np.float64]:
    """(n, 3) decibels, semitones and seconds of each vowel; semitones are NaN where it is unvoiced."""
    energy = np.concatenate([[0.0], np.cumsum(np.square(speech.samples, dtype=np.float64))])
    grids = [np.arange(start - _AROUND[0], end + _AROUND[1], STEP) for start, end, _ in vowels]
    times = np.concatenate(grids)
    half = round(0.02 * speech.rate)
    centers = np.round(times * speech.rate).astype(int)
    first, last = (np.clip(centers + side, 0, len(speech.samples)) for side in (-half, half))
    level = 10 * np.log10((energy[last] - energy[first]).clip(0) / (2 * half) + 1e-9)
    f0 = estimate_f0(speech.samples, speech.rate, times)
    semitones = 12 * np.log2(np.maximum(f0, 1.0) / 100)
    starts = np.cumsum([0, *(len(grid) for grid in grids[:-1])])
    highest = np.maximum.reduceat(np.where(f0 > 0, semitones, -np.inf), starts)
    highest[np.isinf(highest)] = np.nan
    lengths = np.array([end - start for start, end, _ in vowels])
    return np.stack([np.maximum.reduceat(level, starts), highest, lengths], axis=1)
