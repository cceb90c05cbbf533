"""All that is prepared of a portrait once, so that a frame is cheap: a value that can be saved and loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from lipsync.animate.puppet.brows import Brows, plan_brows
from lipsync.animate.puppet.eyelids import Eyelid, build_eyelids
from lipsync.animate.puppet.interior import Interior, build_interior
from lipsync.animate.puppet.motion import Motion, study_motion
from lipsync.animate.puppet.saving import flatten, unflatten
from lipsync.animate.puppet.sway import Sway, plan_sway
from lipsync.animate.puppet.warp import MouthWarp, plan_warp
from lipsync.face.types import Portrait


@dataclass(frozen=True)
class Rig:
    """A portrait made ready to move."""

    motion: Motion
    warp: MouthWarp
    sway: Sway
    interior: Interior
    brows: Brows
    eyelids: tuple[Eyelid, ...]
    """Both, or none for a portrait that does not blink."""

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Everything as flat arrays, for np.savez."""
        return flatten(self)

    @staticmethod
    def from_arrays(arrays: Mapping[str, NDArray[Any]]) -> Rig:
        """The rig again. Raises KeyError when an array is missing."""
        return unflatten(Rig, arrays)


def prepare_rig(portrait: Portrait) -> Rig:
    """Study a portrait once; takes some tenths of a second."""
    motion = study_motion(portrait)
    points = motion.mouth.points
    height, width = portrait.picture.shape[:2]
    sway = plan_sway(points, width, height, motion.eye_distance)
    warp = plan_warp(motion, sway.box)
    interior = build_interior(portrait, motion)
    return Rig(
        motion,
        warp,
        sway,
        interior,
        plan_brows(motion, warp.lattice),
        build_eyelids(portrait.picture, points, interior.palette.softness),
    )
