"""Tells a hum with the mouth closed, as in "mm-hm", from open speech."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from lipsync.hearing.types import RATE

_EDGE_HZ = 700.0
_MAX_RATIO_DB = -14.0
"""Power above _EDGE_HZ against power below, dB. The nose lets little more through than a resonance at 250 to 300 Hz
(Fujimura 1962, Analysis of nasal consonants); open vowels have their first or second formant above _EDGE_HZ."""
_MIN_LEVEL_DB = -50.0
"""Quieter sound, in dBFS, is the end of a hum: the detector of voices still sees a voice in it."""


def is_hum(samples: NDArray[np.float32]) -> bool:
    """Whether (n,) float32 mono ``samples``, RATE a second, about 32 ms, can be a part of a hum, or its end."""
    level = 10 * float(np.log10(float(np.mean(np.square(samples), dtype=np.float64)) + 1e-12))
    return level < _MIN_LEVEL_DB or _ratio_db(samples) < _MAX_RATIO_DB


def _ratio_db(samples: NDArray[np.float32]) -> float:
    """The power above 700 Hz against that from 80 Hz to there, in dB."""
    window, low, high = _spectrum_parts(len(samples))
    power = np.abs(np.fft.rfft(samples * window)) ** 2
    return 10 * float(np.log10((float(power[high].sum()) + 1e-12) / (float(power[low].sum()) + 1e-12)))


@lru_cache(maxsize=4)
def _spectrum_parts(count: int) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]]:
    """(count,) Hann window, and which of the (count // 2 + 1,) frequencies are below and above _EDGE_HZ."""
    frequencies = np.fft.rfftfreq(count, 1 / RATE)
    return np.hanning(count), (frequencies >= 80) & (frequencies < _EDGE_HZ), frequencies >= _EDGE_HZ
