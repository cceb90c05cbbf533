"""All that is prepared of a portrait once, so that a frame is cheap: a value that can be saved and loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from lipsync.animation.puppet.eyelids import Eyelid, build_eyelids
from lipsync.animation.puppet.face_warp import MouthWarp, plan_warp
from lipsync.animation.puppet.gaze import EyeGaze, plan_gaze
from lipsync.animation.puppet.glasses import Glasses, detect_glasses
from lipsync.animation.puppet.head import Head, plan_head, plan_weights
from lipsync.animation.puppet.interior import Interior, build_interior
from lipsync.animation.puppet.motion import Motion, study_motion
from lipsync.animation.puppet.serialization import flatten, unflatten
from lipsync.animation.puppet.smile_folds import SmileFold, plan_smile_folds
from lipsync.animation.puppet.upper_face import UpperFace, plan_upper_face
from lipsync.face.types import Portrait
from lipsync.face.upright import quarters_to_upright, turn_portrait


@dataclass(frozen=True)
class Rig:
    """A portrait made ready to move."""

    motion: Motion
    warp: MouthWarp
    head: Head
    interior: Interior
    upper_face: UpperFace
    eyelids: tuple[Eyelid, ...]
    """Both, or none for a portrait that does not blink."""
    gaze: tuple[EyeGaze, ...]
    """Both, or none for a portrait whose eyes stay still."""
    glasses: Glasses
    smile_folds: tuple[SmileFold, ...]
    """Right and left."""

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Everything as flat arrays, for np.savez."""
        return flatten(self)

    @staticmethod
    def from_arrays(arrays: Mapping[str, NDArray[Any]]) -> Rig:
        """The rig again. Raises KeyError when an array is missing."""
        return unflatten(Rig, arrays)


def prepare_rig(portrait: Portrait) -> Rig:
    """Study a portrait once; takes some tenths of a second. The rig is that of the face turned upright."""
    portrait = turn_portrait(portrait, quarters_to_upright(portrait))
    motion = study_motion(portrait)
    points = motion.mouth.points
    height, width = portrait.picture.shape[:2]
    weights = plan_weights(portrait)
    glasses = detect_glasses(portrait.picture, points)
    has_glasses = glasses != Glasses.NONE
    warp = plan_warp(motion, weights.box, has_glasses=has_glasses)
    interior = build_interior(portrait, motion)
    eyelids = build_eyelids(portrait.picture, points, interior.palette.softness, glasses)
    return Rig(
        motion,
        warp,
        plan_head(portrait, warp.lattice, weights, has_glasses=has_glasses),
        interior,
        plan_upper_face(motion, warp.lattice, has_glasses=has_glasses),
        eyelids,
        plan_gaze(portrait.picture, eyelids, motion.eye_distance),
        glasses,
        plan_smile_folds(points, (width, height), motion.eye_distance, interior.palette.softness),
    )
