"""How a client plays a motion: it interpolates between the keyframes at even speed."""

from __future__ import annotations

from itertools import pairwise

from lipsync.animation.body_motion.quaternions import slerp
from lipsync.animation.body_motion.sampling import Pose
from lipsync.animation.body_motion.types import MotionKeyframes


def played(motion: MotionKeyframes, time: float) -> Pose:
    """The body at ``time`` seconds of ``motion``, whose keyframes all have the same bones."""
    for before, after in pairwise(motion.keyframes):
        if time <= after.timestamp:
            share = (time - before.timestamp) / (after.timestamp - before.timestamp)
            turned = after.bone_rotations
            return Pose({bone: slerp(turn, turned[bone], share) for bone, turn in before.bone_rotations.items()})
    return Pose(dict(motion.keyframes[-1].bone_rotations))
