"""A small face is enlarged, with its whole picture, so that lips and teeth have pixels to be drawn with."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

WANTED_EYES = 120
"""Pixels between the outer eye corners that an enlarged face gets."""

MOST_FACTOR = 3.0
"""What is enlarged further is a blur."""

LEAST_FACTOR = 1.15
"""Less is not worth the softness."""

SHARPEN = 0.4
"""How much of the lost fine detail is put back."""


def enlarged_size(width: int, height: int, eye_distance: float, max_side: int) -> tuple[int, int]:
    """Width and height of the video of a picture with these even sides, in pixels.

    ``eye_distance`` is between the outer eye corners, in pixels of this picture. The picture keeps its size unless
    its face is small, as :func:`enlarged` decides.
    """
    factor = _factor(width, height, eye_distance, max_side)
    return round(width * factor) // 2 * 2, round(height * factor) // 2 * 2


def _factor(width: int, height: int, eye_distance: float, max_side: int) -> float:
    """How many times as large the picture becomes: 1 where its face is large or ``max_side`` leaves no room."""
    factor = min(WANTED_EYES / eye_distance, MOST_FACTOR, max_side / max(height, width))
    return 1.0 if factor < LEAST_FACTOR else factor


def enlarged(
    picture: NDArray[np.uint8], landmarks: NDArray[np.float32], eye_distance: float, max_side: int
) -> tuple[NDArray[np.uint8], NDArray[np.float32], float]:
    """Picture (H, W, 3) and landmarks (468, 3), larger if the face is small and ``max_side`` allows; and by how much.

    The enlarged picture is even-sized; nothing is stretched.
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
    even = enlarged_size(width, height, eye_distance, max_side)
    scale, half = np.array([across, down, factor]), np.array([0.5, 0.5, 0])
    moved = (landmarks + half) * scale - half
    return np.ascontiguousarray(sharp[: even[1], : even[0]]), moved.astype(np.float32), factor
