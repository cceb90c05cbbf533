"""Prepares the rig of a portrait, once."""

from __future__ import annotations

from lipsync.animation.puppet.eyelids.build import build_eyelids
from lipsync.animation.puppet.face_warp import plan_warp
from lipsync.animation.puppet.gaze import plan_gaze
from lipsync.animation.puppet.glasses import Glasses, detect_glasses
from lipsync.animation.puppet.head.plan import plan_head
from lipsync.animation.puppet.head.weights import plan_weights
from lipsync.animation.puppet.interior_layers import build_interior
from lipsync.animation.puppet.motion import study_motion
from lipsync.animation.puppet.rig import Rig
from lipsync.animation.puppet.smile_folds import plan_smile_folds
from lipsync.animation.puppet.upper_face import plan_upper_face
from lipsync.face.types import Portrait
from lipsync.face.upright import quarters_to_upright, turn_portrait


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
