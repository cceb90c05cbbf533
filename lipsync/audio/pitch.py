"""Fundamental frequency of a voice by autocorrelation.

After Boersma, "Accurate short-term analysis of the fundamental frequency and the harmonics-to-noise ratio of a
sampled sound" (1993), without its search for the best path over time.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SEX_BOUNDARY_HZ = 160.0
"""Median pitch in Hz that separates the espeak-ng voices: below it a voice counts as a man's, otherwise as a woman's
or a child's. Men speak at 85 to 155 Hz as a rule, women at 165 to 255 (Titze, "Principles of Voice Production",
1994)."""

_LOWEST, _HIGHEST = 65.0, 400.0
_WINDOW, _STEP = 0.04, 0.02
_MIN_AUTOCORRELATION = 0.5
"""Normalized autocorrelation (1 for a pure tone) above which a window counts as voiced."""
_MAX_WINDOWS = 400
"""Maximum number of windows analysed; longer recordings are sampled evenly."""
_RATE = 8000


def median_pitch(samples: NDArray[np.float32], rate: int) -> float | None:
    """Median pitch in Hz of (n,) float32 mono ``samples`` at ``rate`` Hz; None if nothing is voiced.

    Looks at windows of 40 ms, every 20 ms.
    """
    every = max(1, rate // _RATE)
    low = _downsample(samples, every)
    rate = rate // every
    width = round(_WINDOW * rate)
    if len(low) < width:
        return None
    windows = np.lib.stride_tricks.sliding_window_view(low, width)[:: round(_STEP * rate)]
    windows = windows[:: -(-len(windows) // _MAX_WINDOWS)].astype(np.float64)
    power = np.square(windows).mean(axis=1)
    windows = windows[power > 0.05 * np.percentile(power, 95)]
    if len(windows) == 0 or not power.any():
        return None
    first, last = round(rate / _HIGHEST), min(width - 1, round(rate / _LOWEST))
    similar = normalized_autocorrelation(windows, last + 1)
    strength, period = strongest_period(similar[:, first:], first)
    voiced = strength > _MIN_AUTOCORRELATION
    return float(np.median(rate / period[voiced])) if voiced.any() else None


def normalized_autocorrelation(
    windows: NDArray[np.float64], lags: int, *, removed_bins: int = 0
) -> NDArray[np.float64]:
    """Autocorrelation of each window of a sound: 1 at lag 0 and at the period of a tone, near 0 in noise.

    Each window, its mean removed, is tapered by a Hann window, and its autocorrelation is divided by that of the
    taper (Boersma 1993, equation 9).

    Parameters
    ----------
    windows
        (m, w) samples.
    lags
        Number of lags, from 0, at most w.
    removed_bins
        Number of the lowest bins of the spectrum that count as zero. A bin is the sample rate divided by the size of
        the transform, which is the smallest power of two that is at least ``2 w``.

    Returns
    -------
    (m, lags) float64.
    """
    width = windows.shape[1]
    size = 1 << (2 * width - 1).bit_length()
    taper = np.hanning(width)
    power = np.square(np.abs(np.fft.rfft((windows - windows.mean(axis=1, keepdims=True)) * taper, size)))
    power[:, :removed_bins] = 0.0
    similar: NDArray[np.float64] = np.fft.irfft(power, size)[:, :lags]
    own = np.fft.irfft(np.square(np.abs(np.fft.rfft(taper, size))), size)[:lags]
    similar *= own[0] / own / (similar[:, :1] + 1e-12)
    return similar


def strongest_period(heights: NDArray[np.float64], first: int) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Highest autocorrelation (m,) of each row of (m, lags), and the lag (m,) in samples of the period.

    ``first`` is the lag of the first column. Multiples of a period fit as well as the period itself: the shortest lag
    within 10 % of the highest is taken.
    """
    best = heights.max(axis=1)
    return best, first + np.argmax(heights >= 0.9 * best[:, None], axis=1)


def _downsample(samples: NDArray[np.float32], every: int) -> NDArray[np.float32]:
    """(n,) to (n // every,): means of ``every`` neighbours, enough of a low-pass filter for pitch detection."""
    whole = len(samples) // every * every
    means: NDArray[np.float32] = samples[:whole].reshape(-1, every).mean(axis=1)
    return means
