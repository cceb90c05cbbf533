"""Putting the drawn mouth back into the portrait without a seam.

The network draws a square of 96 pixels. Of it only mouth, jaw and cheeks are taken, under a soft mask from the face
mesh; its colours are shifted so that they meet the portrait's at the mask's rim; and only the pixels under the mask
are touched.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync.animation.wav2lip.crop import Crop
from lipsync.face.pose import seen_eye_distance
from lipsync.video.frame import Frame, half_size, yuv_of

Floats = NDArray[np.float32]

_OUTLINE: tuple[int, ...] = (
    2, 326, 423, 425, 411, 416, 435, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150, 136, 172, 215, 192, 187,
    205, 203, 97,
)  # fmt: skip
"""Mesh points around what is put back: below the nose, over the cheeks, around the jaw."""
_FEATHER = 0.05
"""Standard deviation of the mask's edge, in eye distances."""
_CHIN_ROOM = 0.06
"""How far the mask reaches beyond the jaw, in eye distances: an opening mouth lowers the chin."""
_MIN_ALPHA = 1 / 255 / 2
"""Below this a pixel would not change, and is not touched."""


@dataclass(frozen=True)
class Patch:
    """Where and how the network's lower rows go back into one portrait. Prepared once."""

    left: int
    """Position of the drawn rectangle in pixels of the portrait, even."""
    top: int
    alpha: Floats
    """(h, w) share of the drawn mouth, 0-1; h and w even."""
    half_alpha: Floats
    """(h/2, w/2) the same for the colour."""
    place: NDArray[np.float64]
    """(2, 3) affine from pixels of the drawn rows to pixels of the rectangle."""
    half_place: NDArray[np.float64]
    """(2, 3) the same to pixels of its colour."""
    rim: NDArray[np.intp]
    """(n,) places on the rim of the mask, flat indices into the drawn rows."""
    fit: Floats
    """(3, n) least squares: differences at the rim to a plane (level, slope across, slope down)."""
    planes: Floats
    """(rows * S, 3) the planes at each pixel of the drawn rows."""
    resting: Floats
    """(n, 3) Y Cb Cr of the portrait at the rim."""

    @property
    def nbytes(self) -> int:
        """Bytes of memory that it takes."""
        arrays = (self.alpha, self.half_alpha, self.rim, self.fit, self.planes, self.resting)
        return sum(array.nbytes for array in arrays)

    def paste(self, frame: Frame, rows: Floats, strength: float = 1.0, sharpen: float = 0.0) -> None:
        """Put the drawn ``rows`` (rows, S, 3) RGB 0-255 into ``frame``, in place.

        ``strength`` 0-1 fades from the frame's own mouth to the drawn one; ``sharpen`` adds that much of the detail
        that an unsharp mask finds.
        """
        if strength <= 0:
            return
        yuv = self._matched(np.asarray(yuv_of(np.ascontiguousarray(rows, np.float32)), np.float32))
        height, width = self.alpha.shape
        bright = cv2.warpAffine(
            np.ascontiguousarray(yuv[..., 0]),
            self.place,
            (width, height),
            flags=cv2.INTER_CUBIC,
            borderMode=cv2.BORDER_REPLICATE,
        )
        if sharpen > 0:
            radius = max(1.0, 0.9 * float(np.hypot(self.place[0, 0], self.place[1, 0])))
            bright = bright + sharpen * (bright - cv2.GaussianBlur(bright, (0, 0), radius))
        colour = cv2.warpAffine(
            np.ascontiguousarray(yuv[..., 1:]),
            self.half_place,
            (width // 2, height // 2),
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        y = frame.y[self.top : self.top + height, self.left : self.left + width]
        uv = frame.uv[self.top // 2 : (self.top + height) // 2, self.left // 2 : (self.left + width) // 2]
        _mix(y, np.clip(bright, 16, 235), self.alpha * np.float32(strength))
        _mix(uv, np.clip(colour, 16, 240), (self.half_alpha * np.float32(strength))[..., None])

    def blend(self, frame: Frame, other: Frame, strength: float) -> None:
        """Take ``other``'s pixels under the mask into ``frame``, in place."""
        height, width = self.alpha.shape
        rows, columns = slice(self.top, self.top + height), slice(self.left, self.left + width)
        half = (
            slice(self.top // 2, (self.top + height) // 2),
            slice(self.left // 2, (self.left + width) // 2),
        )
        _mix(frame.y[rows, columns], other.y[rows, columns], self.alpha * np.float32(strength))
        _mix(frame.uv[half], other.uv[half], (self.half_alpha * np.float32(strength))[..., None])

    def _matched(self, yuv: Floats) -> Floats:
        """The drawn rows with colours that meet the portrait's at the rim: a level and two slopes a channel."""
        flat = yuv.reshape(-1, 3)
        difference = self.resting - flat[self.rim]
        return np.asarray((flat + self.planes @ (self.fit @ difference)).reshape(yuv.shape), np.float32)


def prepare_patch(
    picture: NDArray[np.uint8], landmarks: NDArray[np.floating], crop: Crop, size: int, first_row: int
) -> Patch:
    """Prepare the paste of rows ``first_row`` ... ``size`` - 1 of the network's (size, size) image into ``picture``.

    ``picture`` (H, W, 3) RGB; ``landmarks`` (468, 2 or 3) in its pixels.
    """
    to_picture = crop.to_picture(size)
    mask, left, top = _mask(picture.shape[:2], landmarks, crop, size, first_row)
    place = to_picture.copy()
    place[:, 2] += to_picture[:, 1] * first_row - np.array([left, top])
    # A pixel of the colour is two of the brightness wide; its centre lies between them.
    half_place = place.copy()
    half_place[:, :2] /= 2
    half_place[:, 2] = (place[:, 2] + 0.5) / 2 - 0.5
    drawn_alpha = _alpha_of_drawn(mask, place, size, first_row)
    rim = np.flatnonzero((drawn_alpha > 0.04) & (drawn_alpha < 0.6))
    if len(rim) < 16:  # a mask without a soft edge inside of the box: its whole border is the rim
        rim = np.flatnonzero(cv2.dilate(drawn_alpha, np.ones((3, 3), np.uint8)) > drawn_alpha + 0.2)
    row, column = np.divmod(np.arange((size - first_row) * size), size)
    planes = np.stack([np.ones_like(row), column / size - 0.5, row / size - 0.5], 1).astype(np.float32)
    fit = np.linalg.pinv(planes[rim]).astype(np.float32) if len(rim) else np.zeros((3, 0), np.float32)
    resting = np.asarray(yuv_of(crop.cut(picture, size)[first_row:].astype(np.float32)), np.float32)
    return Patch(
        left,
        top,
        mask,
        np.asarray(half_size(mask[..., None]), np.float32).reshape(mask.shape[0] // 2, mask.shape[1] // 2),
        place,
        half_place,
        rim,
        fit,
        planes,
        resting.reshape(-1, 3)[rim],
    )


def _mask(
    shape: tuple[int, ...],
    landmarks: NDArray[np.floating],
    crop: Crop,
    size: int,
    first_row: int,
) -> tuple[Floats, int, int]:
    """The soft mask over the smallest even rectangle that holds it, and the rectangle's corner.

    What is above and below is meant of the upright face: ``to_upright`` takes the picture's pixels there.
    """
    to_upright, from_upright = crop.to_upright, crop.from_upright
    points = landmarks[:, :2].astype(np.float64)
    unit = float(seen_eye_distance(points))
    if crop.turn:
        points = points @ to_upright[:, :2].T + to_upright[:, 2]
    outline = points[list(_OUTLINE)]
    center = outline.mean(0)
    away = outline - center
    length = np.linalg.norm(away, axis=1, keepdims=True)
    below = away[:, 1:] > 0
    outline = center + away * (1 + np.where(below, _CHIN_ROOM * unit / length, 0))
    height, width = shape[0] // 2 * 2, shape[1] // 2 * 2
    rows, columns = np.arange(height, dtype=np.float32)[:, None], np.arange(width, dtype=np.float32)[None]
    if crop.turn:
        outline = outline @ from_upright[:, :2].T + from_upright[:, 2]
        (a, b, c), (d, e, f) = to_upright.astype(np.float32)
        columns, rows = a * columns + b * rows + c, d * columns + e * rows + f
    mask = np.zeros((height, width), np.float32)
    cv2.fillPoly(mask, [np.round(outline * 16).astype(np.int32)], 1.0, cv2.LINE_8, 4)
    feather = _FEATHER * unit
    # Nothing above the nose's base, nothing that was not drawn, and softly to nothing at the box.
    to_box = crop.to_box(size)
    nose = points[2, 1] + 0.3 * feather
    first_drawn = to_box[1, 1] * (first_row + 1) + to_box[1, 2]
    x0, x1 = crop.x0 + 1.0, crop.x1 - 2.0
    y0, y1 = max(nose, first_drawn), crop.y1 - 2.0
    inside = np.minimum(np.minimum(columns - x0, x1 - columns), np.minimum(rows - y0, y1 - rows))
    mask = cv2.GaussianBlur(mask, (0, 0), max(0.8, feather))
    mask *= np.clip(inside / max(1.5, 1.5 * feather), 0, 1)
    mask[mask < _MIN_ALPHA] = 0
    filled = np.argwhere(mask > 0)
    if not len(filled):
        return np.zeros((2, 2), np.float32), 0, 0
    (top, left), (bottom, right) = filled.min(0) // 2 * 2, (filled.max(0) + 2) // 2 * 2
    return np.ascontiguousarray(mask[top:bottom, left:right]), int(left), int(top)


def _alpha_of_drawn(mask: Floats, place: NDArray[np.float64], size: int, first_row: int) -> Floats:
    """(size - first_row, size) the mask as the drawn rows see it."""
    return np.asarray(
        cv2.warpAffine(mask, place, (size, size - first_row), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP),
        np.float32,
    )


def _mix(target: NDArray[np.uint8], other: NDArray[np.generic], alpha: Floats) -> None:
    """Move ``target`` towards ``other`` by ``alpha``, in place; where it is 0 no value changes."""
    mixed = target + (np.asarray(other, np.float32) - target) * alpha
    target[:] = np.clip(np.rint(mixed), 0, 255).astype(np.uint8)
