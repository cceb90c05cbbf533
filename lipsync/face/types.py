"""A portrait whose face has been found: what all animators start from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Portrait:
    """A picture and the face in it. A value: it can be saved, loaded and shared between threads."""

    picture: NDArray[np.uint8]
    """(H, W, 3) RGB, H and W even, at most ``max_side`` long: one pixel of it is one pixel of the video."""
    landmarks: NDArray[np.float32]
    """(468, 3) points of MediaPipe's face mesh: x right, y down, z away from the viewer, in pixels."""
    box: tuple[float, float, float, float]
    """The face: x0, y0, x1, y1 in pixels."""
    eye_distance: float
    """Between the outer eye corners (landmarks 33 and 263), in pixels, corrected for the turn of the head."""
    rotation: NDArray[np.float32]
    """(3, 3) turns the basis' head (x right, y up, z to the viewer) into the portrait's."""
    yaw: float
    """Degrees; positive = the face looks to the picture's right."""
    pitch: float
    """Degrees; positive = up."""
    roll: float
    """Degrees; positive = counter-clockwise."""
    key: str
    """Hash of the picture file and of all that prepared it; names what is kept in the cache."""
