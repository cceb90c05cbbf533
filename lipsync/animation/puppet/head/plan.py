"""Plans the head of a portrait, once."""

from __future__ import annotations

import cv2
import numpy as np

from lipsync.animation.puppet.face_warp import Lattice
from lipsync.animation.puppet.head.depth import PIVOT, plan_depth
from lipsync.animation.puppet.head.head import Head
from lipsync.animation.puppet.head.reach import measure_reach
from lipsync.animation.puppet.head.weights import HeadWeights
from lipsync.face.types import Portrait

_BELLY = 4.0
"""Eye distances below the pivot: the point about which the torso turns."""
_COARSE_NODES = 10_000
"""Where the mouth's lattice has more nodes than this, the head's field, which is smooth, has every second one."""


def plan_head(portrait: Portrait, lattice: Lattice, weights: HeadWeights, *, has_glasses: bool = False) -> Head:
    """Lay depth and weights of a portrait's head onto the nodes of ``lattice``."""
    fit = portrait.head
    if lattice.rows * lattice.columns > _COARSE_NODES:
        lattice = Lattice(
            lattice.left, lattice.top, 2 * lattice.step, -(-lattice.columns // 2), -(-lattice.rows // 2)
        )
    nodes = lattice.nodes()
    depth = plan_depth(portrait.landmarks, fit, nodes, has_glasses=has_glasses)
    cells = (nodes * weights.scale + (weights.scale - 1) / 2).astype(np.float32)
    head, torso = (
        np.asarray(cv2.remap(weight, cells, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32)
        for weight in (weights.head, weights.torso)
    )
    pivot = fit.place(PIVOT)[:2]
    x, y = nodes[..., 0] - pivot[0], nodes[..., 1] - pivot[1]
    ones = np.ones_like(depth)
    flip = np.diag([1.0, -1.0, -1.0])
    return Head(
        lattice=lattice,
        body=np.asarray(np.dstack([x, y, depth, ones]) * head[..., None], np.float32),
        torso=np.asarray(np.dstack([x, y - _BELLY * fit.scale, ones]) * torso[..., None], np.float32),
        weight=head,
        depth=depth,
        pivot=pivot,
        unit=fit.scale,
        orientation=flip @ fit.rotation @ flip,
        reach=measure_reach(depth, head, lattice.step),
    )
