"""Closures of one lid, drawn when they are first needed and kept."""

from __future__ import annotations

from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Planes = tuple[Bytes, Bytes]

LEVELS = 20
"""Steps between open and shut; a frame mixes two neighbours."""


class Renderer(Protocol):
    """Draws a closure afresh."""

    def draw(self, closure: float) -> Planes:
        """(h, w) luma and (h/2, w/2, 2) chroma of a lid that is shut to ``closure`` in [0, 1]."""


class Atlas:
    """The levels of one lid. Threads may share it: two that draw the same level draw the same bytes."""

    def __init__(self, renderer: Renderer) -> None:
        self._renderer = renderer
        self._levels: list[Planes | None] = [None] * (LEVELS + 1)

    def paint(self, y: Bytes, uv: Bytes, closure: float) -> None:
        """Paint the lid over ``y`` (h, w) and ``uv`` (h/2, w/2, 2), views of a frame, in place."""
        place = min(max(closure, 0.0), 1.0) * LEVELS
        below = min(int(place), LEVELS - 1)
        share = place - below
        first = self.level(below)
        if share < 1e-3:
            y[:], uv[:] = first
            return
        second = self.level(below + 1)
        for target, one, other in zip((y, uv), first, second, strict=True):
            target[:] = cv2.addWeighted(one, 1 - share, other, share, 0)

    def level(self, number: int) -> Planes:
        """One level's luma and chroma; they must not be changed."""
        kept = self._levels[number]
        if kept is None:
            kept = self._levels[number] = self._renderer.draw(number / LEVELS)
        return kept
