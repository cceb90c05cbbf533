"""Drift: no living head is ever quite still."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_SIZES = np.array([1.1, 0.8, 0.45])
"""Degrees of yaw, pitch and roll."""
_PERIODS = np.array([[5.3, 3.1, 8.7], [4.1, 2.6, 7.1], [6.1, 3.7, 9.0]])
"""Seconds of the waves of each; no two have a common multiple that anybody would notice."""
_SILENT = 0.7
"""Share that remains in silence."""


class Drift:
    """Slow waves of the head with phases of their own."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._phases = rng.uniform(0, 2 * np.pi, _PERIODS.shape)

    def curves(self, times: NDArray[np.float64], speaking: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n, 3) degrees of yaw, pitch and roll at ``times`` (n,); ``speaking`` (n,) is 1 in speech, 0 in silence."""
        angles = 2 * np.pi * times[:, None, None] / _PERIODS + self._phases
        waves: NDArray[np.float64] = np.sin(angles).mean(axis=2) * _SIZES
        return waves * (_SILENT + (1 - _SILENT) * speaking)[:, None]
