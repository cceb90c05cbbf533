"""Sound level over time, smoothed as the jaw follows it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lipsync.audio.silence import JAW_EDGE, MIN_LOUD_LEVEL

_WINDOW = 0.05
"""Seconds over which the level is taken."""


def smoothed(curves: NDArray[np.float64], sigma: float, step: float) -> NDArray[np.float64]:
    """``curves`` (n, C), one row every ``step`` seconds, blurred along time by a Gaussian of ``sigma`` seconds."""
    reach = int(np.ceil(3 * sigma / step))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) * step / sigma) ** 2)
    kernel /= kernel.sum()
    padded = np.pad(curves, ((reach, reach), (0, 0)), "edge")
    result = np.zeros_like(curves)
    for place, weight in enumerate(kernel):
        result += weight * padded[place : place + len(curves)]
    return result


def _percentile(values: NDArray[np.float64], share: float) -> float:
    """The value below which ``share`` of ``values`` (n,) lies, interpolated linearly: bit for bit ``np.quantile``.

    That function imports ``numpy.ma``, which delays the first frame of ``lipsync say`` by 6 ms.
    """
    position = (len(values) - 1) * share
    below = int(position)
    neighbours = [below, min(below + 1, len(values) - 1)]
    low, high = np.partition(values, neighbours)[neighbours]
    above = position - below
    return float(low + (high - low) * above if above < 0.5 else high - (high - low) * (1 - above))


def loudness(samples: NDArray[np.float32], rate: int, times: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n,) level at each of ``times`` (seconds, evenly spaced): 0 silence, 1 loud speech, at most 1.15.

    ``samples`` is (m,) mono; loud is the 90th percentile of what is not silence in this sound.
    """
    if not len(samples):
        return np.zeros(len(times))
    energy = np.concatenate([[0.0], np.cumsum(np.square(samples, dtype=np.float64))])
    half = max(1, round(_WINDOW / 2 * rate))
    centres = np.round(times * rate).astype(int)
    first = np.clip(centres - half, 0, len(samples))
    last = np.clip(centres + half, 0, len(samples))
    level = np.sqrt(np.maximum(energy[last] - energy[first], 0.0) / (2 * half))
    heard = level[level > JAW_EDGE * level.max(initial=0.0)]
    loud = max(_percentile(heard, 0.9) if len(heard) else 0.0, MIN_LOUD_LEVEL)
    step = float(times[1] - times[0]) if len(times) > 1 else 1.0
    return smoothed(np.clip(level / loud, 0.0, 1.15)[:, None], 0.03, step)[:, 0]
