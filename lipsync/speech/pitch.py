"""How high a voice speaks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

HIGH = 160.0
"""Hertz: voices below are taken for a man's, others for a woman's or a child's; men speak at 85 to 155 Hz as a rule,
women at 165 to 255 (Titze, "Principles of Voice Production", 1994)."""

_LOWEST, _HIGHEST = 65.0, 400.0
_WINDOW, _STEP = 0.04, 0.02
_PERIODIC = 0.5
"""Autocorrelation, of 1, from which on a moment counts as voiced."""
_MOMENTS = 400
"""Windows that are looked at, at most: a voice does not change on the way."""
_RATE = 8000


def median_pitch(samples: NDArray[np.float32], rate: int) -> float | None:
    """The middle pitch, in Hz, of (n,) mono samples; None where no voice is heard.

    The first strong peak of the autocorrelation of 40 ms windows, after Boersma, "Accurate short-term analysis of the
    fundamental frequency" (1993), without its search for the best path.
    """
    every = max(1, rate // _RATE)
    low = _averaged(samples, every)
    rate = rate // every
    width = round(_WINDOW * rate)
    if len(low) < width:
        return None
    windows = np.lib.stride_tricks.sliding_window_view(low, width)[:: round(_STEP * rate)]
    windows = windows[:: -(-len(windows) // _MOMENTS)].astype(np.float64)
    power = np.square(windows).mean(axis=1)
    windows = windows[power > 0.05 * np.percentile(power, 95)]
    if len(windows) == 0 or not power.any():
        return None
    shape = np.hanning(width)
    size = 1 << (2 * width - 1).bit_length()
    similar = _autocorrelation((windows - windows.mean(axis=1, keepdims=True)) * shape, size)
    similar /= np.maximum(similar[:, :1], 1e-12)
    similar /= np.maximum(_autocorrelation(shape[None], size) / np.square(shape).sum(), 1e-3)
    first, last = round(rate / _HIGHEST), min(width - 1, round(rate / _LOWEST))
    lags = similar[:, first : last + 1]
    best = lags.max(axis=1)
    # a longer period fits as well as the true one: the shortest that nearly fits is taken
    period = first + np.argmax(lags >= 0.9 * best[:, None], axis=1)
    voiced = best > _PERIODIC
    return float(np.median(rate / period[voiced])) if voiced.any() else None


def _autocorrelation(windows: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    correlation: NDArray[np.float64] = np.fft.irfft(np.square(np.abs(np.fft.rfft(windows, size))), size)
    return correlation[:, : windows.shape[1]]


def _averaged(samples: NDArray[np.float32], every: int) -> NDArray[np.float32]:
    """Means of ``every`` neighbours: what is above the new rate is damped enough for a pitch."""
    whole = len(samples) // every * every
    means: NDArray[np.float32] = samples[:whole].reshape(-1, every).mean(axis=1)
    return means
