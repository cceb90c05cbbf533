"""What the network sees of a face: a box around it, and which part of that box is put back."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync.errors import LipsyncError
from lipsync.face.pose import seen_eye_distance
from lipsync.face.topology import FACE_OVAL

Pads = tuple[int, int, int, int]
"""Pixels that a box grows by: top, bottom, left, right."""

DEFAULT_PADS: Pads = (0, 10, 0, 0)
"""The original's: the chin must be inside of the box."""

_FOREHEAD = 0.08
"""Share of the mesh above the box: the detector of the training ends below the hairline, where the mesh begins."""
_USUAL_EYE_DISTANCE = 100.0
"""Pads are pixels of a face of about this size (pixels between the outer eye corners); others are scaled alike."""


@dataclass(frozen=True)
class Crop:
    """A box around a face, in whole pixels of the portrait; it lies inside of the picture."""

    x0: int
    y0: int
    x1: int
    y1: int

    @property
    def width(self) -> int:
        return self.x1 - self.x0

    @property
    def height(self) -> int:
        return self.y1 - self.y0

    def to_picture(self, size: int) -> NDArray[np.float64]:
        """(2, 3) affine from pixels of the network's (size, size) image to pixels of the portrait."""
        across, down = self.width / size, self.height / size
        # Pixel centres: the middle of the first pixel is half a pixel inside of the box.
        return np.array([[across, 0, self.x0 + across / 2 - 0.5], [0, down, self.y0 + down / 2 - 0.5]])

    def cut(self, picture: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
        """(size, size, 3) RGB of what the box holds of ``picture`` (H, W, 3) RGB."""
        part = np.ascontiguousarray(picture[self.y0 : self.y1, self.x0 : self.x1])
        shrinks = min(part.shape[:2]) > size
        how = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
        return np.asarray(cv2.resize(part, (size, size), interpolation=how), np.uint8)


def crop_face(
    landmarks: NDArray[np.floating],
    picture_size: tuple[int, int],
    pads: Pads = DEFAULT_PADS,
) -> Crop:
    """The box around a face with ``landmarks`` (468, 2 or 3), in a picture of width and height ``picture_size``."""
    oval = landmarks[list(FACE_OVAL), :2]
    low, high = oval.min(0).astype(np.float64), oval.max(0).astype(np.float64)
    low[1] += _FOREHEAD * (high[1] - low[1])
    unit = float(seen_eye_distance(landmarks)) / _USUAL_EYE_DISTANCE
    return grow((low[0], low[1], high[0], high[1]), picture_size, pads, unit)


def grow(
    box: tuple[float, float, float, float], picture_size: tuple[int, int], pads: Pads, unit: float = 1.0
) -> Crop:
    """The box x0, y0, x1, y1 grown by ``pads`` times ``unit``, cut at the picture's border.

    Raises LipsyncError bad_box when less than 16 pixels of it are in the picture.
    """
    top, bottom, left, right = (pad * unit for pad in pads)
    width, height = picture_size
    x0, y0 = max(0, round(box[0] - left)), max(0, round(box[1] - top))
    x1, y1 = min(width, round(box[2] + right)), min(height, round(box[3] + bottom))
    if x1 - x0 < 16 or y1 - y0 < 16:
        raise LipsyncError("bad_box")
    return Crop(x0, y0, x1, y1)
