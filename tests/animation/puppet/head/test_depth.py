"""Glasses smooth the depth around the eyes, and leave the head most of its turn."""

from __future__ import annotations

import numpy as np

from lipsync.animation.puppet.curves import sample
from lipsync.animation.puppet.head.depth import plan_depth
from lipsync.face.topology import EYE_CORNERS_OUTER
from tests.animation.puppet.acting import Actor

BRIDGE = (168, 6, 197)


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
