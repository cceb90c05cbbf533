"""Head and shoulders of a portrait, cut out of their background, at the size of a texture."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync.face.replace_background import cut_out
from lipsync.face.topology import EYE_CORNERS
from lipsync.face.types import Portrait

MAX_SIDE = 1024
"""Pixels of the longer side of the texture."""
_ASIDE, _ABOVE, _BELOW = 2.3, 2.3, 2.9
"""What is kept around the middle of the eyes, in eye distances: a hat above, the shoulders below."""


@dataclass(frozen=True)
class Crop:
    """A part of a portrait at another size."""

    portrait: Portrait
    """With an alpha."""
    left: int
    """Position of the part in the whole portrait, pixels."""
    top: int
    scale: float
    """Pixels of the part in one of the whole portrait."""

    def place(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Places (..., 2) or (..., 3) of the whole portrait in the part: pixel centres stay pixel centres."""
        placed = np.asarray(points, np.float64) * self.scale
        placed[..., :2] += (0.5 - np.array([self.left, self.top])) * self.scale - 0.5
        return placed


def crop_portrait(portrait: Portrait) -> Crop:
    """Head and shoulders with an alpha, at most MAX_SIDE pixels long; the rest of an upright portrait is left out.

    Raises LipsyncError missing_part when the network that finds the person is not there.
    """
    height, width = portrait.picture.shape[:2]
    unit, eyes = portrait.head.scale, portrait.landmarks[list(EYE_CORNERS), :2].mean(0)
    low = np.floor(np.maximum(eyes - unit * np.array([_ASIDE, _ABOVE]), 0)).astype(int)
    high = np.ceil(np.minimum(eyes + unit * np.array([_ASIDE, _BELOW]), [width, height])).astype(int)
    picture = portrait.picture[low[1] : high[1], low[0] : high[0]]
    scale = min(1.0, MAX_SIDE / max(picture.shape[:2]))
    if scale < 1:
        size = [max(2, round(side * scale)) for side in picture.shape[1::-1]]
        picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    crop = Crop(portrait, int(low[0]), int(low[1]), scale)
    corners = crop.place(np.array(portrait.box).reshape(2, 2)).ravel().tolist()
    cropped = replace(
        portrait,
        picture=np.ascontiguousarray(picture),
        landmarks=crop.place(portrait.landmarks).astype(np.float32),
        box=(corners[0], corners[1], corners[2], corners[3]),
        eye_distance=portrait.eye_distance * scale,
        alpha=None,
    )
    return replace(crop, portrait=cut_out(cropped))
