"""What a sound's short moments are like, whoever speaks: mel-frequency cepstral coefficients, for comparing voices.

After Davis and Mermelstein, "Comparison of parametric representations for monosyllabic word recognition" (1980).
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

HOP = 0.005
"""Seconds from one row of the features to the next; row i is centred at i * HOP."""

_WIDTH = 0.025
"""Seconds under one window."""
_PREEMPHASIS = 0.97
_BANDS, _COEFFICIENTS = 26, 8
"""Few: the finer shape of a spectrum tells who speaks more than what is said. With the 13 of speech recognition the
worst twentieth of p, b, m was 64 ms off and more, with 8 and the weight below it is 39 (as in bench.align)."""
_LOUDNESS = 2.0
"""Weight of the first, which is the level, against the others: it tells a closure from a vowel in every voice."""
_LOWEST_HZ, _HIGHEST_HZ = 100.0, 7000.0
_FLOOR = 1e-6
"""Of the mean power: what is softer counts as silence, so that two silences are alike whatever their noise."""
_SLOPE_SHARE = 0.6
"""Weight of how the coefficients change, against what they are."""
_AT_ONCE = 2048
"""Rows that are transformed at the same time, which bounds the memory: 16 MB at 48 kHz."""

Features = NDArray[np.float32]


def cepstra(samples: NDArray[np.float32], rate: int) -> Features:
    """(n,) mono of ``rate`` samples a second to (1 + floor(n / rate / HOP), 16): coefficients and their slopes.

    Each column has mean 0, the coefficients a deviation of 1 (the level 2) and the slopes 0.6 of that: a voice's own
    colour and loudness are taken out.
    """
    levels = _log_bands(samples, rate)
    angles = np.pi / _BANDS * (np.arange(_BANDS) + 0.5)[:, None] * np.arange(_COEFFICIENTS)
    plain = _normalised(levels @ np.cos(angles))
    slopes = np.gradient(plain, axis=0) if len(plain) > 1 else np.zeros_like(plain)
    weights = np.ones(_COEFFICIENTS)
    weights[0] = _LOUDNESS
    return np.concatenate([plain * weights, _SLOPE_SHARE * _normalised(slopes) * weights], axis=1).astype(np.float32)


def _log_bands(samples: NDArray[np.float32], rate: int) -> NDArray[np.float64]:
    """(rows, 26) logarithm of the power in each mel band, of the sound with its high tones raised."""
    width = max(2, round(_WIDTH * rate))
    size = 1 << (width - 1).bit_length()
    sharp = np.append(samples[:1], samples[1:] - np.float32(_PREEMPHASIS) * samples[:-1])
    padded = np.pad(sharp, (width // 2, width))
    centres = np.round(np.arange(1 + int(len(samples) / rate / HOP)) * HOP * rate).astype(np.int64)
    windows = np.lib.stride_tricks.sliding_window_view(padded, width)
    shape = np.hamming(width).astype(np.float32)
    bank = _bank(rate, size)
    powers = np.concatenate(
        [
            np.square(np.abs(np.fft.rfft(windows[centres[first : first + _AT_ONCE]] * shape, size))) @ bank.T
            for first in range(0, len(centres), _AT_ONCE)
        ]
    )
    return np.log(powers + _FLOOR * max(float(powers.mean()), 1e-12))


@cache
def _bank(rate: int, size: int) -> NDArray[np.float64]:
    """(26, size // 2 + 1) triangles, evenly spaced on O'Shaughnessy's mel scale."""
    top = min(_HIGHEST_HZ, rate / 2)
    low, high = (2595 * np.log10(1 + hz / 700) for hz in (_LOWEST_HZ, top))
    edges = 700 * (10 ** (np.linspace(low, high, _BANDS + 2) / 2595) - 1) / rate * size
    bins = np.arange(size // 2 + 1)
    rising = (bins - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - bins) / (edges[2:] - edges[1:-1])[:, None]
    bank: NDArray[np.float64] = np.maximum(0.0, np.minimum(rising, falling))
    return bank


def _normalised(columns: NDArray[np.float64]) -> NDArray[np.float64]:
    centred = columns - columns.mean(axis=0)
    normal: NDArray[np.float64] = centred / (centred.std(axis=0) + 1e-6)
    return normal
