"""Whether a face can be made to speak; what stands in the way is said in one sentence."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lipsync.face.errors import PortraitError
from lipsync.face.pose import HeadFit
from lipsync.face.topology import LIPS

MIN_EYES = 40
"""Pixels between the outer eye corners; fewer show no lips to move."""

MAX_YAW_DEGREES = 42
"""Degrees to either side: beyond, the far corner of the mouth is out of sight."""

MAX_PITCH_DEGREES = 32
"""Degrees up or down."""

MAX_OPENING = 0.47
"""Height of the open mouth in its own width. Laughs reach 0.45, and up to there the lips were made to meet; at 0.5 a
mouth that says "ah" keeps a dark gap, for the jaw has further to go than the warp takes it."""

BEYOND = 0.02
"""Lips may lie this far beyond the picture's border, in eye distances: landmarks are no better."""


def check_face(
    landmarks: NDArray[np.floating], fit: HeadFit, width: int, height: int, *, may_be_open: bool = False
) -> None:
    """Raise face_too_small, face_turned, mouth_covered (cut off) or mouth_open; say nothing when it will do.

    ``landmarks`` (468, 3) in pixels of a picture of ``width`` x ``height``, ``fit`` their head. In a video the mouth
    ``may_be_open``: it speaks.
    """
    if fit.scale < MIN_EYES:
        raise PortraitError("face_too_small", found=int(fit.scale), needed=MIN_EYES)
    for angle, limit in ((fit.yaw, MAX_YAW_DEGREES), (fit.pitch, MAX_PITCH_DEGREES)):
        if abs(angle) > limit:
            raise PortraitError("face_turned", angle=round(abs(angle)), limit=limit)
    beyond = BEYOND * fit.scale
    lips = landmarks[list(LIPS), :2]
    if (lips < -beyond).any() or (lips > np.array([width, height]) + beyond).any():
        raise PortraitError("mouth_covered")
    if may_be_open:
        return
    gap, mouth = opening(landmarks) / fit.scale, mouth_width(landmarks) / fit.scale
    if gap > mouth * MAX_OPENING:
        raise PortraitError("mouth_open")


def opening(landmarks: NDArray[np.floating]) -> float:
    """Height of the mouth between the inner lips, in the landmarks' own unit."""
    return float(np.linalg.norm(landmarks[13] - landmarks[14]))


def mouth_width(landmarks: NDArray[np.floating]) -> float:
    """Distance of the inner corners of the mouth, in the landmarks' own unit."""
    return float(np.linalg.norm(landmarks[78] - landmarks[308]))
