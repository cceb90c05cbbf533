"""Buffers of one run of frames: the portrait that lids are painted into, and the map of every pixel."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync.animation.puppet.face_warp import Lattice
from lipsync.video.frame import Area, Frame, halved

Floats = NDArray[np.float32]
NodeBox = tuple[int, int, int, int]
"""First column and row, and one past the last, of some nodes of a lattice."""


class Canvas:
    """Reused from frame to frame, never shared between threads."""

    def __init__(
        self, still: Frame, lattices: tuple[Lattice, ...], sharpened: Callable[[int], NDArray[np.uint8]]
    ) -> None:
        """``lattices`` share the first corner; the canvas holds the cells of all. ``sharpened``: returns the (H, W)
        luma of the portrait in a level of sharpness, of which 0 is untouched."""
        self.still = still
        self.source = still.copy()
        """The portrait, with lids painted into it while a frame is drawn."""
        self.uv_pairs = _pack_pairs(still.uv)
        """(H/2, W/2, 4) each pixel of the colour plane of ``source`` with its right neighbour."""
        self._sharpened = sharpened
        self._blocks: dict[int, NDArray[np.uint8]] = {}
        size = (
            max(lattice.rows * lattice.step for lattice in lattices),
            max(lattice.columns * lattice.step for lattice in lattices),
        )
        self.places: Floats = np.zeros((*size, 2), np.float32)
        """(h, w, 2) where each pixel over the lattice comes from; only the detail of a frame is filled in."""
        self.half_places: Floats = np.zeros((size[0] // 2, size[1] // 2, 2), np.float32)
        """Sampling positions of the colour planes, at half size and in their own pixels."""

    def blocks(self, level: int) -> NDArray[np.uint8]:
        """(H, W, 4) each pixel of a level of sharpness with its right, lower and lower right neighbour."""
        if level not in self._blocks:
            self._blocks[level] = _pack_blocks(self._sharpened(level))
        return self._blocks[level]

    @cached_property
    def alpha_blocks(self) -> NDArray[np.uint8] | None:
        """(H, W, 4) the alpha of each pixel with those of the same neighbours; None for an opaque portrait."""
        return None if self.still.alpha is None else _pack_blocks(self.still.alpha)

    def spread(self, places: Floats, outer: NodeBox, box: NodeBox, step: int, *, keeps_around: bool = False) -> None:
        """Interpolate ``places`` (rows, columns, 2) to every second pixel of the cells of the nodes in ``box``.

        ``outer``: the nodes of ``places``, on a lattice of ``step`` pixels with this canvas' corner. What was in the
        cells next to ``box`` is lost, unless ``keeps_around``.
        """
        half = (places - np.float32(0.5)) * np.float32(0.5)
        _interpolate(self.half_places, half, outer, box, step // 2, keeps_around=keeps_around)

    def spread_detail(self, places: Floats, outer: NodeBox, box: NodeBox, step: int) -> None:
        """The same to every pixel."""
        _interpolate(self.places, places, outer, box, step, keeps_around=False)

    def lay(self, joined: Floats, feather: Floats, left: int, top: int) -> None:
        """Put the exact places of a window, ``joined`` (h, w, 2), over the spread ones, by ``feather`` (h, w, 2).

        ``left`` and ``top`` are even.
        """
        height, width = joined.shape[:2]
        area = self.places[top : top + height, left : left + width]
        joined = cv2.multiply(cv2.subtract(joined, area), feather)
        area += joined
        half = self.half_places[top // 2 : (top + height) // 2, left // 2 : (left + width) // 2]
        # The upper left of four pixels stands for all: a mean across the seam would be of neither side.
        cv2.resize(area, (width // 2, height // 2), dst=half, interpolation=cv2.INTER_NEAREST)
        half *= np.float32(0.5)

    def painted(self, areas: list[Area]) -> None:
        """Take over what was painted into ``source``'s colour in ``areas``."""
        for area in areas:
            self._pack(area)

    def restore(self, areas: list[Area]) -> None:
        """Put the portrait's own pixels back in ``areas``."""
        for area in areas:
            half = halved(area)
            self.source.y[area] = self.still.y[area]
            self.source.uv[half] = self.still.uv[half]
            self._pack(area)

    def _pack(self, area: Area) -> None:
        rows, columns = halved(area)
        left = slice(max(0, columns.start - 1), columns.stop)
        self.uv_pairs[rows, left] = _pack_pairs(self.source.uv[rows, left.start : columns.stop + 1])[
            :, : left.stop - left.start
        ]


def _pack_blocks(plane: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(H, W, 4) each value of ``plane`` (H, W) with its right, lower and lower right neighbour."""
    wide = np.pad(plane, ((0, 1), (0, 1)), "reflect")
    return np.asarray(cv2.merge([wide[:-1, :-1], wide[:-1, 1:], wide[1:, :-1], wide[1:, 1:]]), np.uint8)


def _pack_pairs(plane: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(H, W, 4) each pixel of ``plane`` (H, W, 2) with its right neighbour; the last one with itself."""
    return np.asarray(cv2.merge([plane, np.concatenate([plane[:, 1:], plane[:, -1:]], 1)]), np.uint8)


def within(box: NodeBox, outer: NodeBox) -> tuple[slice, slice]:
    """Rows and columns of the nodes in ``box`` in an array of the nodes in ``outer``."""
    return slice(box[1] - outer[1], box[3] - outer[1]), slice(box[0] - outer[0], box[2] - outer[0])


def _interpolate(out: Floats, places: Floats, outer: NodeBox, box: NodeBox, step: int, *, keeps_around: bool) -> None:
    """Fill the cells of ``box`` in ``out``."""
    # One node more on each side: beyond the last, a value is repeated and not interpolated.
    wide = (
        max(outer[0], box[0] - 1), max(outer[1], box[1] - 1), min(outer[2], box[2] + 1), min(outer[3], box[3] + 1),
    )  # fmt: skip
    part = np.ascontiguousarray(places[within(wide, outer)])
    size = (part.shape[1] * step, part.shape[0] * step)
    if not keeps_around:
        there = out[wide[1] * step : wide[3] * step, wide[0] * step : wide[2] * step]
        cv2.resize(part, size, dst=there, interpolation=cv2.INTER_LINEAR)
        return
    fine = cv2.resize(part, size, interpolation=cv2.INTER_LINEAR)
    top, left = (box[1] - wide[1]) * step, (box[0] - wide[0]) * step
    height, width = (box[3] - box[1]) * step, (box[2] - box[0]) * step
    out[box[1] * step : box[3] * step, box[0] * step : box[2] * step] = fine[top : top + height, left : left + width]
