"""Takes the pixels of a frame from the portrait, by the map: only where something moves."""

from __future__ import annotations

from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync.animation.puppet.canvas import Canvas, NodeBox
from lipsync.animation.puppet.curves import smoothstep
from lipsync.animation.puppet.face_warp import Lattice
from lipsync.animation.puppet.frame_map import MappedFrame
from lipsync.animation.puppet.rig import Rig
from lipsync.video.frame import Area, Frame, halved

Floats = NDArray[np.float32]

_SHARPENING = 1 / 10
"""Share of the Laplacian that sharpens the luma. Linear interpolation at a random fraction a of a pixel blurs by a
variance of a (1 - a), 1/6 on average, which a twelfth makes good; measured on hair, a ninth to a tenth keeps the
sharpness of the still picture."""


class PixelSampler:
    """Samples frames of one portrait.

    Eyes and lips are sampled pixel by pixel with cubic interpolation. Neighbours elsewhere move almost as one: four
    pixels at a time share a position and are sampled linearly, from a luma that is sharpened by what this blurs:
    1.3 megapixels take 1.5 ms, where each pixel for itself takes 3 ms linearly and 11 ms cubically. Two neighbours of
    the colour plane share one everywhere; OpenCV maps four channels several times as fast as two.
    """

    def __init__(self, still: Frame, rig: Rig) -> None:
        self._rig, self._still, self._lattice, self._outer = rig, still, rig.warp.lattice, rig.head.lattice

    def _luma(self, level: int) -> NDArray[np.uint8]:
        """(H, W) not, half or fully sharpened: a resting head is not blurred, and starts without a jump of sharpness.

        A video begins with a resting head, so its first frame does not wait for the sharpening.
        """
        return self._sharpened[level - 1] if level else self._still.y

    @cached_property
    def _sharpened(self) -> tuple[NDArray[np.uint8], ...]:
        luma = self._still.y.astype(np.float32)
        # Where nothing moves, the pixels are the portrait's own.
        share = np.float32(-_SHARPENING) * _share_of_sharpening(self._rig, self._still)
        added = cv2.Laplacian(luma, cv2.CV_32F) * share
        return tuple(_limit(cv2.scaleAdd(added, part, luma)) for part in (0.5, 1.0))

    def canvas(self) -> Canvas:
        """Buffers for one run of frames."""
        return Canvas(self._still, (self._lattice, self._outer), self._luma)

    def sample(self, canvas: Canvas, mapped: MappedFrame, painted: list[Area]) -> Frame:
        """The frame; ``painted``: areas of the canvas' source that were painted."""
        frame = self._still.copy()
        for part in painted:
            frame.y[part] = canvas.source.y[part]
            frame.uv[halved(part)] = canvas.source.uv[halved(part)]
        blocks = canvas.blocks(mapped.sharpness)
        areas = (self._area(box, self._lattice) for box in mapped.details)
        details = [area for area in areas if area is not None]
        for box in mapped.boxes:
            area = self._area(box, self._outer)
            if area is None:
                continue
            # Around one hole less is drawn; to cut out several would take longer than to draw them twice.
            for part in _without(area, details[0]) if len(details) == 1 else [area]:
                _sample_blocks(blocks, self._half_places(canvas, part), frame.y[part])
            if frame.alpha is not None and canvas.alpha_blocks is not None:
                _sample_blocks(canvas.alpha_blocks, self._half_places(canvas, area), frame.alpha[area])
            _sample_pairs(canvas.uv_pairs, self._half_places(canvas, area), frame.uv[halved(area)])
        for detail in details if mapped.boxes else []:
            rows, columns = detail
            left, top = self._lattice.left, self._lattice.top
            places = canvas.places[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
            pixels = cv2.remap(canvas.source.y, places, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
            # A cubic overshoots at hard edges; video has no brightness beyond these.
            np.clip(pixels, 16, 235, out=frame.y[detail])
        return frame

    def _area(self, box: NodeBox, lattice: Lattice) -> Area | None:
        """Pixels of the cells of ``box`` that lie in the picture."""
        x0, y0 = max(0, lattice.left + lattice.step * box[0]), max(0, lattice.top + lattice.step * box[1])
        x1 = min(self._still.width, lattice.left + lattice.step * box[2])
        y1 = min(self._still.height, lattice.top + lattice.step * box[3])
        return (slice(y0, y1), slice(x0, x1)) if x1 > x0 and y1 > y0 else None

    def _half_places(self, canvas: Canvas, area: Area) -> Floats:
        rows, columns = halved(area)
        left, top = self._lattice.left // 2, self._lattice.top // 2
        return canvas.half_places[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]


def _sample_blocks(blocks: NDArray[np.uint8], half_places: Floats, out: NDArray[np.uint8]) -> None:
    """Fill ``out`` (h, w) with blocks of 2x2 pixels from ``blocks`` (H, W, 4), at ``half_places`` (h/2, w/2, 2)."""
    places = cv2.add(half_places, half_places)
    four = cv2.remap(blocks, places, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101).view(np.uint16)
    pairs = out.view(np.uint16)
    cv2.split(four, (pairs[::2], pairs[1::2]))  # twice as fast as to assign the rows


def _sample_pairs(pairs: NDArray[np.uint8], half_places: Floats, out: NDArray[np.uint8]) -> None:
    """Fill ``out`` (h, w, 2) with two neighbours at a time from ``pairs`` (H, W, 4), at the place of the first.

    ``half_places`` (h, w, 2): the place of each.
    """
    height, width = out.shape[:2]
    # x and y as one number: NumPy copies every second pair of numbers eight times as slowly.
    places = half_places.view(np.complex64)[:, ::2, 0].copy().view(np.float32).reshape(height, -1, 2)
    two = cv2.remap(pairs, places, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    out[:] = two.reshape(height, -1, 2)[:, :width]


def _without(area: Area, hole: Area) -> list[Area]:
    """``area`` without ``hole``, as up to four rectangles."""
    rows, columns = area
    top, bottom = (min(max(side, rows.start), rows.stop) for side in (hole[0].start, hole[0].stop))
    left, right = (min(max(side, columns.start), columns.stop) for side in (hole[1].start, hole[1].stop))
    parts = [
        (slice(rows.start, top), columns),
        (slice(bottom, rows.stop), columns),
        (slice(top, bottom), slice(columns.start, left)),
        (slice(top, bottom), slice(right, columns.stop)),
    ]
    return [part for part in parts if part[0].stop > part[0].start and part[1].stop > part[1].start]


def _limit(luma: Floats) -> NDArray[np.uint8]:
    """``luma`` in the range of video."""
    rounded = cv2.convertScaleAbs(cv2.max(luma, 0.0))
    return np.asarray(cv2.max(cv2.min(rounded, 235), 16), np.uint8)


def _share_of_sharpening(rig: Rig, still: Frame) -> Floats:
    """(H, W) 0 where neither head nor torso moves a pixel, 1 where one does."""
    head, lattice = rig.head, rig.head.lattice
    nodes = smoothstep(np.maximum(head.weight, np.abs(head.torso[..., 2])), 0.0, 0.15)
    cells = cv2.resize(
        nodes, (lattice.columns * lattice.step, lattice.rows * lattice.step), interpolation=cv2.INTER_LINEAR
    )
    share = np.zeros((still.height, still.width), np.float32)
    y0, x0 = max(0, lattice.top), max(0, lattice.left)
    part = cells[y0 - lattice.top : still.height - lattice.top, x0 - lattice.left : still.width - lattice.left]
    share[y0 : y0 + part.shape[0], x0 : x0 + part.shape[1]] = part
    return share
