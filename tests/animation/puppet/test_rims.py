"""Cheeks and brows do not bend the rims of glasses."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lipsync.animation.puppet.curves import sample
from lipsync.animation.puppet.face_warp import plan_warp
from lipsync.animation.puppet.head.weights import plan_weights
from lipsync.animation.puppet.upper_face import plan_upper_face
from lipsync.face.topology import EYE_CORNERS
from tests.animation.puppet.acting import Actor, track, units


def displacement(actor: Actor, below: float, weights: NDArray[np.float32], *, has_glasses: bool) -> float:
    """Largest displacement, in eye distances, of places ``below`` the eyes: by mouth and upper face together."""
    motion, unit = actor.rig.motion, actor.rig.motion.eye_distance
    warp = plan_warp(motion, plan_weights(actor.portrait).box, has_glasses=has_glasses)
    upper = plan_upper_face(motion, warp.lattice, has_glasses=has_glasses)
    eyes = motion.mouth.points[list(EYE_CORNERS)].mean(0)
    across = np.linspace(-0.45, 0.45, 13)[:, None] * motion.mouth.along
    cells = warp.lattice.to_cells(eyes + (across + below * motion.mouth.down) * unit)
    field = warp.fields(motion.displacements(track(1, weights=weights)))[0][0]
    moved = sample(field, cells - np.array([warp.column0, warp.row0], np.float32))
    face = upper.displacement(weights)
    assert face is not None
    moved = moved + sample(face, cells - np.array([upper.column0, upper.row0], np.float32))
    return float(np.linalg.norm(moved, axis=1).max()) / unit


def test_a_smile_leaves_the_lower_rims_where_they_are(hopper: Actor) -> None:
    smile = units(mouthSmileLeft=0.6, mouthSmileRight=0.6, cheekSquintLeft=0.55, cheekSquintRight=0.55)
    assert displacement(hopper, 0.25, smile, has_glasses=False) > 0.02
    assert displacement(hopper, 0.25, smile, has_glasses=True) < 0.002
    assert displacement(hopper, 0.60, smile, has_glasses=True) > 0.02, "the cheeks below still rise"


def test_raised_brows_lift_the_upper_rims_half_as_much(hopper: Actor) -> None:
    brows = units(browInnerUp=0.8, browOuterUpLeft=0.8, browOuterUpRight=0.8)
    bare = displacement(hopper, -0.2, brows, has_glasses=False)
    assert bare > 0.01
    assert displacement(hopper, -0.2, brows, has_glasses=True) < 0.6 * bare
