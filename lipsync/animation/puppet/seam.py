"""Joining the picture above the lips to the picture below them, along the line where they meet in a frame."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync.animation.puppet.curves import smoothstep
from lipsync.animation.puppet.face_warp import MouthWarp
from lipsync.animation.puppet.motion import Motion
from lipsync.face.topology import INNER_CORNERS, LIPS

Floats = NDArray[np.float32]

_SOFT, _HARD = 0.6, 1e-3
"""Pixels: half of the join's width between lips that touch in the portrait, and between lips that are apart there.
What is mixed from places on both sides is taken from between them: there the one portrait has the line of its lips,
the other its teeth, and shut lips had pale dots along their line."""


@dataclass(frozen=True)
class SeamAxes:
    """Coordinates along and across the mouth for a set of places, and how wide the join is at each."""

    column: NDArray[np.int32]
    """(...) index into the seam's height table."""
    below: Floats
    """(...) pixels below the right corner of the mouth."""
    sharpness: Floats
    """(...) 1 / pixels: the join is as wide as its inverse."""

    def upper_share(self, heights: Floats) -> Floats:
        """(...) 1 above the seam, 0 below it; ``heights`` (n,): where the seam is, in pixels, by column."""
        share = heights.take(self.column)
        share -= self.below
        share *= self.sharpness
        share += np.float32(0.5)
        return np.asarray(np.clip(share, 0, 1, out=share), np.float32)


@dataclass(frozen=True)
class MouthWindow:
    """The part of the lattice around the lips where the join is made pixel by pixel."""

    column0: int
    """Nodes, within the part of the lattice that the mouth moves."""
    row0: int
    column1: int
    row1: int
    left: int
    """Pixels of the portrait."""
    top: int
    axes: SeamAxes
    feather: Floats
    """(h, w, 2) 1 inside, 0 at the border of the window; the same for x and y."""


class Seam:
    """Where the seam can be, for one rig; a frame asks for shares of the two sides."""

    def __init__(self, motion: Motion, warp: MouthWarp, size: tuple[int, int]) -> None:
        """``size``: width and height of the portrait."""
        mouth = motion.mouth
        self._along, self._down = mouth.along, mouth.down
        self._corner = mouth.points[INNER_CORNERS[0]]
        self._length = float((mouth.points[INNER_CORNERS[1]] - self._corner) @ self._along)
        reach = warp.shape[1] * warp.lattice.step
        self._table = np.arange(-reach, self._length + reach, dtype=np.float32)
        beyond = np.maximum(np.maximum(-self._table, self._table - self._length), 0)
        # Beyond the corners of the mouth the cheek is one piece: the join widens until it disappears.
        self._half_widths = (
            (_HARD if mouth.is_open else _SOFT) + 0.9 * np.minimum(beyond, 0.12 * motion.eye_distance)
        ).astype(np.float32)
        lattice = warp.lattice
        nodes = lattice.nodes()[warp.row0 : warp.row1, warp.column0 : warp.column1]
        self.on_lattice = self._axes(nodes, 1.2 * lattice.step)
        self.window = self._plan_window(motion, warp, size)

    def heights(self, upper: Floats, lower: Floats) -> Floats:
        """The seam's height by column, of the lips' contours (n, 2) in a frame."""
        middle = (upper + lower) / 2 - self._corner
        along, below = middle @ self._along, middle @ self._down
        order = np.argsort(along)
        return np.asarray(np.interp(self._table, along[order], below[order]), np.float32)

    def _axes(self, places: NDArray[np.floating], min_half_width: float) -> SeamAxes:
        offset = places - self._corner
        along, below = offset @ self._along, offset @ self._down
        column = np.clip(np.round(along - self._table[0]), 0, len(self._table) - 1).astype(np.int32)
        half_width = np.maximum(self._half_widths[column], np.float32(min_half_width))
        return SeamAxes(column, below.astype(np.float32), np.float32(0.5) / half_width)

    def _plan_window(self, motion: Motion, warp: MouthWarp, size: tuple[int, int]) -> MouthWindow | None:
        lattice, unit = warp.lattice, motion.eye_distance
        lips = motion.mouth.points[list(LIPS)]
        low = lips.min(0) - np.array([0.13, 0.13]) * unit
        high = lips.max(0) + np.array([0.13, 0.28]) * unit
        first = np.ceil(lattice.to_cells(np.maximum(low, 0))).astype(int)
        last = np.floor(lattice.to_cells(np.minimum(high, np.array(size) - 1))).astype(int)
        column0, row0 = np.maximum(first, [warp.column0 + 1, warp.row0 + 1])
        column1, row1 = np.minimum(last, [warp.column1 - 1, warp.row1 - 1])
        left, top = lattice.left + int(column0) * lattice.step, lattice.top + int(row0) * lattice.step
        x, y = np.meshgrid(
            np.arange(left, left + int(column1 - column0) * lattice.step),
            np.arange(top, top + int(row1 - row0) * lattice.step),
        )
        if not x.size or left < 0 or top < 0 or x[-1, -1] >= size[0] or y[-1, -1] >= size[1]:
            return None
        border = np.minimum(np.minimum(x - x[0, 0], x[-1, -1] - x), np.minimum(y - y[0, 0], y[-1, -1] - y)).astype(
            np.float32
        )
        feather = smoothstep(border, 0, 0.06 * unit)
        return MouthWindow(
            int(column0) - warp.column0,
            int(row0) - warp.row0,
            int(column1) - warp.column0,
            int(row1) - warp.row0,
            left,
            top,
            self._axes(np.dstack([x, y]), 0.0),
            cv2.merge([feather, feather]),
        )
