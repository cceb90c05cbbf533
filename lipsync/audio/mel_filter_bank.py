"""Triangular filters that are evenly spaced on a mel scale, as speech features use them."""

from __future__ import annotations

from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

MelScale = Literal["htk", "slaney"]

_SLANEY_HZ_PER_MEL = 200 / 3
_SLANEY_BREAK_HZ = 1000.0
_SLANEY_LOG_STEP = np.log(6.4) / 27
"""Slaney, Auditory Toolbox (1998): linear below 1 kHz, 200/3 Hz a mel; above it 27 mels for a factor of 6.4."""


@cache
def mel_filter_bank(
    n_mels: int,
    *,
    n_fft: int,
    rate: int,
    min_hz: float,
    max_hz: float,
    norm: Literal["slaney"] | None = None,
    mel_scale: MelScale = "htk",
) -> NDArray[np.float64]:
    """Weight of each frequency of a real FFT in each mel band.

    Parameters
    ----------
    n_mels
        Number of bands. Band ``i`` rises from edge ``i`` to 1 at edge ``i + 1`` and falls to 0 at edge ``i + 2``; the
        ``n_mels + 2`` edges are evenly spaced in mel from ``min_hz`` to ``max_hz``.
    n_fft
        Samples under one window of the transform, zeros that fill it up included.
    rate
        Samples a second.
    norm
        ``"slaney"`` divides each band by half its width in Hz, so that all have the same area; None leaves the height
        at 1.
    mel_scale
        ``"htk"``: O'Shaughnessy's ``2595 log10(1 + f / 700)``. ``"slaney"``: that of the Auditory Toolbox.

    Returns
    -------
    (n_mels, n_fft // 2 + 1) float64, read-only: the same arguments give the same array.
    """
    edges = _mel_to_hz(
        np.linspace(_hz_to_mel(min_hz, mel_scale), _hz_to_mel(max_hz, mel_scale), n_mels + 2), mel_scale
    )
    positions: NDArray[np.floating]
    if norm == "slaney":
        positions = np.fft.rfftfreq(n_fft, 1 / rate)
    else:  # in bins, not in Hz: their rounding is part of what alignment has been measured with
        positions, edges = np.arange(n_fft // 2 + 1, dtype=np.float64), edges / rate * n_fft
    low, middle, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    rising, falling = (positions - low) / (middle - low), (high - positions) / (high - middle)
    filters: NDArray[np.float64] = np.maximum(0, np.minimum(rising, falling))
    if norm == "slaney":
        filters = filters * 2 / (high - low)
    filters.setflags(write=False)
    return filters


def _hz_to_mel(hertz: float, scale: MelScale) -> float:
    if scale == "htk":
        return float(2595 * np.log10(1 + hertz / 700))
    if hertz < _SLANEY_BREAK_HZ:
        return hertz / _SLANEY_HZ_PER_MEL
    return float(_SLANEY_BREAK_HZ / _SLANEY_HZ_PER_MEL + np.log(hertz / _SLANEY_BREAK_HZ) / _SLANEY_LOG_STEP)


def _mel_to_hz(mel: NDArray[np.float64], scale: MelScale) -> NDArray[np.float64]:
    if scale == "htk":
        return np.asarray(700 * (10 ** (mel / 2595) - 1))
    kink = _SLANEY_BREAK_HZ / _SLANEY_HZ_PER_MEL
    logarithmic = _SLANEY_BREAK_HZ * np.exp(_SLANEY_LOG_STEP * (mel - kink))
    return np.where(mel < kink, mel * _SLANEY_HZ_PER_MEL, logarithmic)
