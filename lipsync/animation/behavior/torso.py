"""Motion of the shoulders: they follow the head late and less, and breathe."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lipsync.animation.behavior.filters import LowPass

_SHARES = np.array([0.55, 0.35, 0.10])
"""Share of the head's shift to the right and down and of its roll."""
_DELAY = 0.085
"""Seconds: time constant of the shoulders, which makes them 0.34 s late."""
_BREATH = 0.004
"""Distances of the outer eye corners by which breath lifts the shoulders."""
_BREATH_PERIOD = 3.7
"""Seconds."""


class TorsoMotion:
    """Motion of the shoulders during consecutive pieces."""

    def __init__(self) -> None:
        self._follow = LowPass(_DELAY, 3)

    def curves(self, times: NDArray[np.float64], pose: NDArray[np.float64], motion: float) -> NDArray[np.float64]:
        """(n, 3) as in FaceTrack at ``times`` (n,); ``pose`` is (n, 5), ``motion`` the size of breath."""
        torso = self._follow.filter(pose[:, [3, 4, 2]] * _SHARES)
        torso[:, 1] += motion * _BREATH * np.sin(2 * np.pi * times / _BREATH_PERIOD)
        return torso
