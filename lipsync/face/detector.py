"""Where faces are: BlazeFace (short range), which sees 128 x 128 pixels, on ever smaller parts of a picture.

Network: Google MediaPipe, Apache-2.0. Bazarevsky et al. 2019, "BlazeFace: Sub-millisecond Neural Face Detection on
Mobile GPUs".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync.face.tflite import load_network, run_network

SIDE = 128
"""Pixels of the network's square input."""

MIN_SCORE = 0.5
"""A detection below this score is dropped. The mesh confirms every find, so it may be low."""

NMS_IOU_THRESHOLD = 0.3
"""Two finds that share more than this of their union are one face."""

VIEWS = (1.0, 1.6, 1 / 2, 1 / 4, 1 / 8)
"""Sides of the squares that are looked at one after another, in the picture's longer side: all of it; with a
margin around, for a face that fills it; then tiles, half a tile apart, for small faces."""

MIN_TILE = 192
"""No tile is smaller, in pixels: a face that is small in it is too small to speak anyway."""


@dataclass(frozen=True)
class Detection:
    """A face, roughly."""

    score: float
    """In [0, 1]."""
    box: tuple[float, float, float, float]
    """x0, y0, x1, y1 in pixels, from the brow to the chin."""
    eyes: tuple[tuple[float, float], tuple[float, float]]
    """Middles of the two eyes, the person's right one first: in an upright face the one on the picture's left."""

    @property
    def center(self) -> tuple[float, float]:
        x0, y0, x1, y1 = self.box
        return (x0 + x1) / 2, (y0 + y1) / 2

    @property
    def size(self) -> float:
        """The longer side of the box."""
        x0, y0, x1, y1 = self.box
        return max(x1 - x0, y1 - y0)

    def moved(self, x: float, y: float, scale: float = 1.0) -> Detection:
        """Shifted right and down, then scaled: from the pixels of a part to those of the picture it was cut from."""
        x0, y0, x1, y1 = self.box
        (ax, ay), (bx, by) = self.eyes
        return Detection(
            self.score,
            ((x0 + x) * scale, (y0 + y) * scale, (x1 + x) * scale, (y1 + y) * scale),
            (((ax + x) * scale, (ay + y) * scale), ((bx + x) * scale, (by + y) * scale)),
        )

    def upside_down(self) -> Detection:
        """The same box with the eyes where they would be if the face were turned by 180 degrees."""
        (x, y), (right, left) = self.center, self.eyes
        eyes = ((2 * x - right[0], 2 * y - right[1]), (2 * x - left[0], 2 * y - left[1]))
        return Detection(self.score, self.box, eyes)

    def turned_back(self, quarters: int, width: int, height: int) -> Detection:
        """From the pixels of a picture after ``numpy.rot90(picture, quarters)`` to those of the picture, of ``width``
        and ``height``. The eyes keep their order: the first is still the person's right one."""

        def back(point: tuple[float, float]) -> tuple[float, float]:
            x, y = point
            return {0: (x, y), 1: (width - y, x), 2: (width - x, height - y), 3: (y, height - x)}[quarters % 4]

        (ax, ay), (bx, by) = back(self.box[:2]), back(self.box[2:])
        box = (min(ax, bx), min(ay, by), max(ax, bx), max(ay, by))
        return Detection(self.score, box, (back(self.eyes[0]), back(self.eyes[1])))


class Detector:
    """The network, loaded. Not safe to call from two threads at once."""

    def __init__(self) -> None:
        self._network = load_network("face_detection_short_range.tflite")

    def search(self, picture: NDArray[np.uint8]) -> Iterator[list[Detection]]:
        """The faces of a picture (H, W, 3) RGB, view after view, large faces first.

        Each list is of one view; one face may appear in several. Stop reading when one will do: what was not
        asked for is not computed.
        """
        longest = max(picture.shape[:2])
        for view in VIEWS:
            tile = longest * view
            if view < 1 and tile < MIN_TILE:
                return
            scale = SIDE / tile
            kernel = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
            height, width = (max(1, round(side * scale)) for side in picture.shape[:2])
            small = cv2.resize(picture, (width, height), interpolation=kernel)
            found = [
                detection.moved(x, y, 1 / scale)
                for y in _starts(height)
                for x in _starts(width)
                for detection in self._look(_square(small, x, y))
            ]
            yield non_max_suppression(found)

    def _look(self, square: NDArray[np.uint8]) -> list[Detection]:
        """Faces in the network's own square, in its pixels."""
        outputs = run_network(self._network, square.astype(np.float32) / 127.5 - 1)
        scores = next(output for output in outputs if output.size == len(_ANCHORS)).ravel()
        regressed = next(output for output in outputs if output.size == 16 * len(_ANCHORS)).reshape(-1, 8, 2)
        probable = 1 / (1 + np.exp(-np.clip(scores, -80, 80)))
        found = []
        for index in np.flatnonzero(probable >= MIN_SCORE):
            middle, extent, *points = regressed[index]  # then right eye, left eye, nose, mouth, two ears
            middle = middle + _ANCHORS[index]
            (x0, y0), (x1, y1) = middle - extent / 2, middle + extent / 2
            eyes = [point + _ANCHORS[index] for point in points[:2]]
            found.append(
                Detection(
                    float(probable[index]),
                    (float(x0), float(y0), float(x1), float(y1)),
                    ((float(eyes[0][0]), float(eyes[0][1])), (float(eyes[1][0]), float(eyes[1][1]))),
                )
            )
        return non_max_suppression(found)


def non_max_suppression(found: list[Detection]) -> list[Detection]:
    """One detection for each face, surest first (non-maximum suppression)."""
    distinct: list[Detection] = []
    for detection in sorted(found, key=lambda detection: -detection.score):
        if all(iou(detection.box, other.box) <= NMS_IOU_THRESHOLD for other in distinct):
            distinct.append(detection)
    return distinct


def iou(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> float:
    """Intersection over union of two boxes x0, y0, x1, y1."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    both = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1])
    return width * height / (both - width * height)


def _starts(length: int) -> list[int]:
    """Where tiles start along a side: half a tile apart, the last flush with the end; a short side is centred."""
    if length <= SIDE:
        return [-((SIDE - length) // 2)]
    return [*range(0, length - SIDE, SIDE // 2), length - SIDE]


def _square(picture: NDArray[np.uint8], x: int, y: int) -> NDArray[np.uint8]:
    """The tile that starts at x, y; black where it reaches beyond the picture."""
    square = np.zeros((SIDE, SIDE, 3), np.uint8)
    part = picture[max(y, 0) : y + SIDE, max(x, 0) : x + SIDE]
    top, left = max(-y, 0), max(-x, 0)
    square[top : top + part.shape[0], left : left + part.shape[1]] = part
    return square


def _anchors() -> NDArray[np.float32]:
    """(896, 2) points that the network's answers are relative to: 2 in each cell of 8 pixels, 6 in each of 16."""
    points = []
    for stride, each in ((8, 2), (16, 6)):
        middles = (np.arange(SIDE // stride) + 0.5) * stride
        grid = np.stack(np.meshgrid(middles, middles), -1).reshape(-1, 2)
        points.append(np.repeat(grid, each, axis=0))
    return np.concatenate(points).astype(np.float32)


_ANCHORS = _anchors()
