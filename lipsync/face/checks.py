"""Whether a face can be made to speak; what stands in the way is said in one sentence."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lipsync.errors import LipsyncError
from lipsync.face.pose import HeadFit
from lipsync.face.topology import LIPS

LEAST_EYES = 40
"""Pixels between the outer eye corners; fewer show no lips to move."""

MOST_YAW = 42
"""Degrees to either side: beyond, the far corner of the mouth is out of sight."""

MOST_PITCH = 32
"""Degrees up or down."""

MOST_OPENING = 0.40
"""Height of the open mouth in its own width. A laugh with teeth reaches 0.34, a word caught half-way 0.5."""

ROUND_WIDTH, ROUND_OPENING = 0.50, 0.28
"""A mouth no wider than this, in eye distances, does not smile: it is open from this height in its width on."""

BEYOND = 0.02
"""Lips may lie this far beyond the picture's border, in eye distances: landmarks are no better."""


def check_face(
    landmarks: NDArray[np.floating], fit: HeadFit, width: int, height: int, *, may_be_open: bool = False
) -> None:
    """Raise face_too_small, face_turned, mouth_covered (cut off) or mouth_open; say nothing when it will do.

    ``landmarks`` (468, 3) in pixels of a picture of ``width`` x ``height``, ``fit`` their head. In a video the mouth
    ``may_be_open``: it speaks.
    """
    if fit.scale < LEAST_EYES:
        raise LipsyncError("face_too_small", found=int(fit.scale), needed=LEAST_EYES)
    for angle, most in ((fit.yaw, MOST_YAW), (fit.pitch, MOST_PITCH)):
        if abs(angle) > most:
            raise LipsyncError("face_turned", angle=round(abs(angle)), limit=most)
    beyond = BEYOND * fit.scale
    lips = landmarks[list(LIPS), :2]
    if (lips < -beyond).any() or (lips > np.array([width, height]) + beyond).any():
        raise LipsyncError("mouth_covered")
    if may_be_open:
        return
    gap, mouth = opening(landmarks) / fit.scale, mouth_width(landmarks) / fit.scale
    if gap > mouth * (ROUND_OPENING if mouth < ROUND_WIDTH else MOST_OPENING):
        raise LipsyncError("mouth_open")


def opening(landmarks: NDArray[np.floating]) -> float:
    """Height of the mouth between the inner lips, in the landmarks' own unit."""
    return float(np.linalg.norm(landmarks[13] - landmarks[14]))


def mouth_width(landmarks: NDArray[np.floating]) -> float:
    """Distance of the inner corners of the mouth, in the landmarks' own unit."""
    return float(np.linalg.norm(landmarks[78] - landmarks[308]))
