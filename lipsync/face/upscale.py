"""A small face is enlarged, with its whole picture, so that lips and teeth have pixels to be drawn with.

A network that restores detail may draw half of the enlarged face (docs/decisions/024-upscaling.md).
"""

from __future__ import annotations

import math
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

WANTED_EYES = 120
"""Pixels between the outer eye corners that an enlarged face gets."""

MAX_FACTOR = 3.0
"""Maximum factor by which a picture is enlarged: beyond it the result is a blur."""

MIN_FACTOR = 1.15
"""Less is not worth the softness."""

SHARPEN = 0.4
"""How much of the lost fine detail is put back."""

RESTORED_SHARE = 0.5
"""Share of the network's picture in a restored face; the rest is the source, enlarged by Lanczos. On JPEG pictures of
four people with 70 pixels between the eyes, the PSNR against the original is 33.0 dB with half, 31.1 with all and
32.5 with none of it; without compression 35.8, 32.2 and 37.0. All of it invents teeth and rings in the iris."""

_MARGINS = (0.2, 0.35, 0.2)
"""Eye distances around the landmarks that are restored too: beside, above and below. Then 13 s on one core pass for
a face with 70 pixels between the eyes; with the hair, 18."""

_MAX_RESTORED_SIDE = 320
"""Pixels: longest side of the part that is restored. Bounds the time, to 52 s on one core."""

_FADE = 0.2
"""Eye distances over which a restored part fades out."""


class Restorer(Protocol):
    """Enlarges a part of a picture four times, and restores its detail."""

    def enlarge(self, picture: NDArray[np.uint8], x0: int, y0: int, x1: int, y1: int) -> NDArray[np.uint8]:
        """The part from ``x0``, ``y0`` to ``x1``, ``y1`` of a picture (H, W, 3) RGB."""
        ...


def enlarged_size(width: int, height: int, eye_distance: float, max_side: int) -> tuple[int, int]:
    """Width and height of the video of a picture with these even sides, in pixels.

    ``eye_distance`` is between the outer eye corners, in pixels of this picture. The picture keeps its size unless
    its face is small, as :func:`upscale_small_face` decides.
    """
    factor = _factor(width, height, eye_distance, max_side)
    return round(width * factor) // 2 * 2, round(height * factor) // 2 * 2


def _factor(width: int, height: int, eye_distance: float, max_side: int) -> float:
    """How many times as large the picture becomes: 1 where its face is large or ``max_side`` leaves no room."""
    factor = min(WANTED_EYES / eye_distance, MAX_FACTOR, max_side / max(height, width))
    return 1.0 if factor < MIN_FACTOR else factor


def upscale_small_face(
    picture: NDArray[np.uint8],
    landmarks: NDArray[np.float32],
    eye_distance: float,
    max_side: int,
    restorer: Restorer | None = None,
) -> tuple[NDArray[np.uint8], NDArray[np.float32], float]:
    """Picture (H, W, 3) and landmarks (468, 3), larger if the face is small and ``max_side`` allows; and by how much.

    The enlarged picture is even-sized; nothing is stretched. ``restorer`` restores the detail of an enlarged face.
    """
    height, width = picture.shape[:2]
    factor = _factor(width, height, eye_distance, max_side)
    if factor == 1.0:
        return picture, landmarks, 1.0
    size = (round(width * factor), round(height * factor))
    large = cv2.resize(picture, size, interpolation=cv2.INTER_CUBIC)
    soft = cv2.GaussianBlur(large, (0, 0), factor * 0.6)
    sharp = cv2.addWeighted(large, 1 + SHARPEN, soft, -SHARPEN, 0)
    across, down = size[0] / width, size[1] / height  # pixel centres stay pixel centres
    if restorer is not None:
        _restore_face(sharp, picture, landmarks, eye_distance, restorer)
    even = enlarged_size(width, height, eye_distance, max_side)
    scale, half = np.array([across, down, factor]), np.array([0.5, 0.5, 0])
    moved = (landmarks + half) * scale - half
    return np.ascontiguousarray(sharp[: even[1], : even[0]]), moved.astype(np.float32), factor


def _restore_face(
    large: NDArray[np.uint8],
    picture: NDArray[np.uint8],
    landmarks: NDArray[np.float32],
    eye_distance: float,
    restorer: Restorer,
) -> None:
    """Draw the restored face into ``large``, the enlarged ``picture``, both (H, W, 3) RGB."""
    height, width = picture.shape[:2]
    beside, above, below = (margin * eye_distance for margin in _MARGINS)
    (left, top), (right, bottom) = landmarks[:, :2].min(0) + 0.5, landmarks[:, :2].max(0) + 0.5
    x0, x1 = _part(float(left) - beside, float(right) + beside, width)
    y0, y1 = _part(float(top) - above, float(bottom) + below, height)
    if x1 <= x0 or y1 <= y0:
        return
    across, down = large.shape[1] / width, large.shape[0] / height
    # Whole pixels of the enlarged picture that lie inside of the part.
    place = math.ceil(x0 * across), math.ceil(y0 * down), math.floor(x1 * across), math.floor(y1 * down)
    size = place[2] - place[0], place[3] - place[1]
    box = place[0] / across, place[1] / down, place[2] / across, place[3] / down  # in pixels of the picture
    restored = restorer.enlarge(picture, x0, y0, x1, y1)
    scale = restored.shape[1] / (x1 - x0)
    inner = tuple(scale * (edge - start) for edge, start in zip(box, (x0, y0, x0, y0), strict=True))
    detailed = _resized(restored, size, inner)
    plain = _resized(picture, size, box)
    mixed = RESTORED_SHARE * detailed + (1 - RESTORED_SHARE) * plain
    fade = _FADE * eye_distance * across
    weight = np.minimum(
        _ramp(size[1], fade, place[1] > 0, place[3] < large.shape[0])[:, None],
        _ramp(size[0], fade, place[0] > 0, place[2] < large.shape[1]),
    )[:, :, None]
    part = large[place[1] : place[3], place[0] : place[2]]
    part[:] = np.clip(weight * mixed + (1 - weight) * part + 0.5, 0, 255).astype(np.uint8)


def _part(low: float, high: float, whole: int) -> tuple[int, int]:
    """First and end pixel from ``low`` to ``high``, inside of ``whole`` pixels, no more than _MAX_RESTORED_SIDE."""
    spare = max(0.0, high - low - _MAX_RESTORED_SIDE) / 2
    return max(0, math.floor(low + spare)), min(whole, math.floor(high - spare))


def _resized(picture: NDArray[np.uint8], size: tuple[int, int], box: tuple[float, ...]) -> NDArray[np.float32]:
    """The part x0, y0, x1, y1 of a picture at ``size``, width and height."""
    x0, y0, x1, y1 = box
    resized = Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS, box=(x0, y0, x1, y1))
    return np.asarray(resized, np.float32)


def _ramp(length: int, fade: float, fades_in: bool, fades_out: bool) -> NDArray[np.float32]:
    """(length,) weights: 1, and falling to 0 over ``fade`` pixels at the ends that fade."""
    position = np.arange(length, dtype=np.float32) + 0.5
    ramp = np.ones(length, np.float32)
    for fading, distance in ((fades_in, position), (fades_out, length - position)):
        if fading:
            ramp = np.minimum(ramp, distance / max(fade, 1.0))
    smooth: NDArray[np.float32] = ramp * ramp * (3 - 2 * ramp)
    return smooth
