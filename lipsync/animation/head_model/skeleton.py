"""The skeleton that both heads share: the bones of a bust, named as Mixamo does, and the eyes.

At rest all bones have the axes of the model, so a rotation of docs/body-motion.md is the local rotation of its node.
"""

from __future__ import annotations

import math

from lipsync.animation.head_model.model import Bone

_HANGING = 74.0
"""Degrees by which the arms of the T-pose are shown lowered, as in the first pose of the motion ``idle``."""


def _lowered(degrees: float) -> tuple[float, float, float, float]:
    half = math.radians(degrees) / 2
    return (0.0, 0.0, round(math.sin(half), 6), round(math.cos(half), 6))


BONES: tuple[Bone, ...] = (
    Bone("Hips", -1, (0.0, 0.86, 0.025)),
    Bone("Spine", 0, (0.0, 0.982, 0.021)),
    Bone("Spine1", 1, (0.0, 1.084, 0.015)),
    Bone("Spine2", 2, (0.0, 1.202, 0.013)),
    Bone("Neck", 3, (0.0, 1.345, -0.001)),
    Bone("Head", 4, (0.0, 1.404, 0.024)),
    Bone("LeftEye", 5, (0.028, 1.486, 0.11)),
    Bone("RightEye", 5, (-0.028, 1.486, 0.11)),
    Bone("LeftShoulder", 3, (0.056, 1.322, 0.015)),
    Bone("LeftArm", 8, (0.154, 1.262, 0.021), _lowered(-_HANGING)),
    Bone("RightShoulder", 3, (-0.056, 1.322, 0.015)),
    Bone("RightArm", 10, (-0.154, 1.262, 0.021), _lowered(_HANGING)),
)
"""Parents first. The positions are those of the head that the package ships; in others the eyes are elsewhere."""
NAMES: tuple[str, ...] = tuple(bone.name for bone in BONES)
