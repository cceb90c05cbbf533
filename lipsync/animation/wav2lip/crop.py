"""What the network sees of a face: an upright box around it, and which part of that box is put back.

The network was trained on upright faces. A face that is tilted further than STRAIGHT is turned upright in its box,
and what is drawn is turned back when it is put into the picture. The picture itself is never turned.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync.face.errors import PortraitError
from lipsync.face.pose import seen_eye_distance
from lipsync.face.topology import EYE_CORNERS_OUTER, FACE_OVAL

Pads = tuple[int, int, int, int]
"""Pixels that a box grows by: top, bottom, left, right."""

DEFAULT_PADS: Pads = (0, 10, 0, 0)
"""The original's: the chin must be inside of the box."""

STRAIGHT, TURNED = np.radians(15), np.radians(30)
"""A face tilted less than the first is cut as it is, one tilted more than the second is turned fully upright; between
them the turn grows evenly, so that the box of a head that tilts in a video does not jump."""

MIN_SIDE = 16
"""Pixels; no box is smaller."""

_FOREHEAD = 0.08
"""Share of the mesh above the box: the detector of the training ends below the hairline, where the mesh begins."""
_USUAL_EYE_DISTANCE = 100.0
"""Pads are pixels of a face of about this size (pixels between the outer eye corners); others are scaled alike."""


@dataclass(frozen=True)
class Crop:
    """A box around a face, in whole pixels of the picture once it is turned by ``turn`` around ``pivot``.

    Without a turn the box lies inside of the picture. With one its corners may reach beyond: the picture's border
    pixels are repeated there.
    """

    x0: int
    y0: int
    x1: int
    y1: int
    turn: float = 0.0
    """Radians by which the box is turned clockwise, as the viewer sees it."""
    pivot: tuple[float, float] = (0.0, 0.0)
    """x, y in pixels of the picture: the point that stays in place."""

    @property
    def width(self) -> int:
        return self.x1 - self.x0

    @property
    def height(self) -> int:
        return self.y1 - self.y0

    @property
    def from_upright(self) -> NDArray[np.float64]:
        """(2, 3) affine from pixels of the turned picture, in which the box is upright, to pixels of the picture."""
        return _rotation(self.turn, self.pivot)

    @property
    def to_upright(self) -> NDArray[np.float64]:
        """(2, 3) affine: the inverse of :attr:`from_upright`."""
        return _rotation(-self.turn, self.pivot)

    @property
    def corners(self) -> NDArray[np.float64]:
        """(4, 2) corners of the box in pixels of the picture."""
        box = np.array([[self.x0, self.y0], [self.x1, self.y0], [self.x1, self.y1], [self.x0, self.y1]], np.float64)
        return box if not self.turn else _moved(box, self.from_upright)

    def shifted(self, x: int, y: int) -> Crop:
        """The same box in a picture whose origin lies at ``x``, ``y`` of this one's."""
        pivot = (self.pivot[0] - x, self.pivot[1] - y)
        return Crop(self.x0 - x, self.y0 - y, self.x1 - x, self.y1 - y, self.turn, pivot)

    def to_box(self, size: int) -> NDArray[np.float64]:
        """(2, 3) affine from pixels of the network's (size, size) image to pixels of the turned picture."""
        across, down = self.width / size, self.height / size
        # Pixel centres: the middle of the first pixel is half a pixel inside of the box.
        return np.array([[across, 0, self.x0 + across / 2 - 0.5], [0, down, self.y0 + down / 2 - 0.5]])

    def to_picture(self, size: int) -> NDArray[np.float64]:
        """(2, 3) affine from pixels of the network's (size, size) image to pixels of the picture."""
        box = self.to_box(size)
        if not self.turn:
            return box
        back = self.from_upright
        return np.column_stack([back[:, :2] @ box[:, :2], back[:, :2] @ box[:, 2] + back[:, 2]])

    def cut(self, picture: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
        """(size, size, 3) RGB of what the box holds of ``picture`` (H, W, 3) RGB, upright."""
        if self.turn:
            back = self.from_upright
            back[:, 2] += back[:, :2] @ np.array([self.x0, self.y0])
            part = cv2.warpAffine(
                picture,
                back,
                (self.width, self.height),
                flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
                borderMode=cv2.BORDER_REPLICATE,
            )
        else:
            part = np.ascontiguousarray(picture[self.y0 : self.y1, self.x0 : self.x1])
        shrinks = min(part.shape[:2]) > size
        how = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
        return np.asarray(cv2.resize(part, (size, size), interpolation=how), np.uint8)


def crop_face(
    landmarks: NDArray[np.floating],
    picture_size: tuple[int, int],
    pads: Pads = DEFAULT_PADS,
) -> Crop:
    """The box around a face with ``landmarks`` (468, 2 or 3), in a picture of width and height ``picture_size``.

    ``pads`` are those of the upright face. Raises LipsyncError bad_box when too little of the face is in the picture.
    """
    oval = landmarks[list(FACE_OVAL), :2].astype(np.float64)
    turn = _turn(landmarks)
    middle = oval.mean(0)
    pivot = (float(middle[0]), float(middle[1])) if turn else (0.0, 0.0)
    if turn:
        oval = _moved(oval, _rotation(-turn, pivot))
    low, high = oval.min(0), oval.max(0)
    low[1] += _FOREHEAD * (high[1] - low[1])
    unit = float(seen_eye_distance(landmarks)) / _USUAL_EYE_DISTANCE
    return grow((low[0], low[1], high[0], high[1]), picture_size, pads, unit, turn=turn, pivot=pivot)


def _turn(landmarks: NDArray[np.floating]) -> float:
    """Radians, clockwise, by which the box of a face is turned: 0 for one that is nearly upright."""
    right, left = (landmarks[corner, :2].astype(np.float64) for corner in EYE_CORNERS_OUTER)
    roll = float(np.arctan2(left[1] - right[1], left[0] - right[0]))
    return roll * float(np.clip((abs(roll) - STRAIGHT) / (TURNED - STRAIGHT), 0, 1))


def _rotation(turn: float, pivot: tuple[float, float]) -> NDArray[np.float64]:
    """(2, 3) affine that turns clockwise (y points down) around ``pivot``."""
    cos, sin = np.cos(turn), np.sin(turn)
    turned = np.array([[cos, -sin], [sin, cos]])
    return np.column_stack([turned, np.array(pivot) - turned @ np.array(pivot)])


def _moved(points: NDArray[np.float64], affine: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, 2) points under a (2, 3) affine."""
    return np.asarray(points @ affine[:, :2].T + affine[:, 2])


def grow(
    box: tuple[float, float, float, float],
    picture_size: tuple[int, int],
    pads: Pads,
    unit: float = 1.0,
    *,
    turn: float = 0.0,
    pivot: tuple[float, float] = (0.0, 0.0),
) -> Crop:
    """The box x0, y0, x1, y1 grown by ``pads`` times ``unit``, in a picture that is turned upright by ``turn``.

    It is cut at the border of the picture; of a turned one at the upright rectangle around it. Raises LipsyncError
    bad_box when less than 16 pixels of it are left.
    """
    top, bottom, left, right = (pad * unit for pad in pads)
    width, height = picture_size
    least, most = (0, 0), (width, height)
    if turn:
        border = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)
        border = _moved(border, _rotation(-turn, pivot)).round().astype(int)
        least, most = tuple(border.min(0).tolist()), tuple(border.max(0).tolist())
    x0, y0 = max(least[0], round(box[0] - left)), max(least[1], round(box[1] - top))
    x1, y1 = min(most[0], round(box[2] + right)), min(most[1], round(box[3] + bottom))
    if x1 - x0 < MIN_SIDE or y1 - y0 < MIN_SIDE:
        raise PortraitError("bad_box")
    return Crop(x0, y0, x1, y1, turn, pivot)
