"""Glasses smooth the depth around the eyes, and leave the head most of its turn."""

from __future__ import annotations

import numpy as np

from lipsync.animation.puppet.curves import sample
from lipsync.animation.puppet.head.depth import plan_depth
from lipsync.face.topology import EYE_CORNERS_OUTER
from tests.animation.puppet.acting import Actor

BRIDGE = (168, 6, 197)
TEMPLES = (127, 356)


def test_glasses_flatten_the_hollow_of_the_eyes_but_not_the_face(hopper: Actor) -> None:
    head, portrait = hopper.rig.head, hopper.portrait
    points = portrait.landmarks[:, :2]
    relief, roughness = [], []
    for has_glasses in (False, True):
        depth = plan_depth(portrait.landmarks, portrait.head, head.nodes, has_glasses=has_glasses)
        at = sample(depth, head.lattice.to_cells(points)) / head.unit
        relief.append(at[list(BRIDGE)].mean() - at[list(EYE_CORNERS_OUTER)].mean())
        rim = np.linspace(points[EYE_CORNERS_OUTER[0]], points[EYE_CORNERS_OUTER[1]], 60)
        along = sample(depth, head.lattice.to_cells(rim)) / head.unit
        roughness.append(np.abs(np.diff(along, 2)).max())
    assert relief[1] > 0.6 * relief[0]
    assert roughness[1] < 0.8 * roughness[0]


def test_behind_glasses_the_depth_falls_towards_the_temples_as_without(hopper: Actor) -> None:
    """What makes a turn visible: smoothed along the eyes too, three quarters of this fall were left."""
    head, portrait = hopper.rig.head, hopper.portrait
    cells = head.lattice.to_cells(portrait.landmarks[:, :2])
    without, behind = (
        sample(plan_depth(portrait.landmarks, portrait.head, head.nodes, has_glasses=has_glasses), cells)
        for has_glasses in (False, True)
    )
    fall = [depth[list(EYE_CORNERS_OUTER)].mean() - depth[list(TEMPLES)].mean() for depth in (without, behind)]
    assert fall[0] > 0.4 * head.unit
    assert 0.88 * fall[0] < fall[1] < 1.05 * fall[0]


def test_the_far_side_of_a_turned_face_lies_behind_the_pivot(actors: dict[str, Actor]) -> None:
    """Its far temple; depths that end at the pivot would make the head turn less than is meant."""
    head, portrait = actors["gauss"].rig.head, actors["gauss"].portrait
    assert portrait.head.yaw > 8
    far = sample(head.depth, head.lattice.to_cells(portrait.landmarks[TEMPLES[1], :2])) / head.unit
    assert -0.25 < far < -0.08
