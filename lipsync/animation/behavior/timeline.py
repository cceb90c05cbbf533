"""The fixed grid of time on which behaviour is computed, whatever the frame rate of the video is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

STEP = 0.01
"""Seconds between two points of the grid."""


@dataclass(frozen=True)
class Span:
    """The points of the grid that one piece of speech decides. Spans of consecutive pieces follow each other."""

    first: int
    """Index of the first point; point k lies at k * STEP seconds of the video."""
    count: int

    @property
    def begins(self) -> float:
        """Time of the first point in seconds of the video."""
        return self.first * STEP

    @property
    def ends(self) -> float:
        """Time in seconds of the video at which the next span begins."""
        return (self.first + self.count) * STEP

    @property
    def times(self) -> NDArray[np.float64]:
        """(n,) seconds of the video."""
        return np.arange(self.first, self.first + self.count, dtype=np.float64) * STEP

    def indices(self, start: float, end: float) -> slice:
        """The points of this span from ``start`` on and before ``end``, seconds of the video."""
        first, last = (int(np.clip(np.ceil(time / STEP - 1e-6) - self.first, 0, self.count)) for time in (start, end))
        return slice(first, max(first, last))
