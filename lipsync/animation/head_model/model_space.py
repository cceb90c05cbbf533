"""From the pixels of a portrait to the metres of its 3D model."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lipsync.animation.head_model.skeleton import BONES, NAMES

Floats = NDArray[np.float64]

EYE_DISTANCE = 0.09
"""Metres between the outer corners of the eyes: every portrait is as large as a grown person."""
_EYES = np.mean([BONES[NAMES.index(f"{side}Eye")].position for side in ("Left", "Right")], axis=0)
"""Metres: the middle of the eyes, where the head that the package ships has it."""


class ModelSpace:
    """Pixels are x right, y down, z away from the viewer; the model is in the axes of glTF."""

    def __init__(self, middle: Floats, unit: float) -> None:
        """``middle`` (3,): the middle between the centres of the eyes; ``unit``: pixels in an eye distance."""
        self._middle, self._scale = middle, EYE_DISTANCE / unit

    def place(self, points: NDArray[np.floating]) -> Floats:
        """Places (..., 3)."""
        return np.asarray(self.turn(points - self._middle) + _EYES)

    def turn(self, displacements: NDArray[np.floating]) -> Floats:
        """Displacements (..., 3)."""
        return np.asarray(displacements * np.array([1.0, -1.0, -1.0]) * self._scale)


def bound_to(bone: str, count: int) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """(count, 4) joints and weights of vertices that one bone moves."""
    joints = np.zeros((count, 4), np.intp)
    joints[:, 0] = NAMES.index(bone)
    return joints, np.tile(np.array([1, 0, 0, 0], np.float32), (count, 1))
