"""Eyebrows: small fields over the forehead that follow the track's brow units."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lipsync.animate.puppet.curves import smoothstep
from lipsync.animate.puppet.motion import Motion
from lipsync.animate.puppet.warp import Lattice
from lipsync.animate.types import ARKIT_NAMES
from lipsync.face.topology import EYE_CORNERS, LID_CREASES

Floats = NDArray[np.float32]

_UNITS = tuple(k for k, name in enumerate(ARKIT_NAMES) if name.startswith("brow"))
_REACH = 0.11
"""Standard deviation of a landmark's pull, in eye distances."""
_ALONE = 0.15
"""Pull of the rest of the picture, which stays: the motion ends where the forehead's landmarks end."""
_STILL = 1e-3
"""A unit weaker than this is not drawn."""


@dataclass(frozen=True)
class Brows:
    """What each brow unit at 1 does to the lattice."""

    fields: Floats
    """(5, rows, columns, 2) pixels: browDownLeft, browDownRight, browInnerUp, browOuterUpLeft, browOuterUpRight."""

    def displacement(self, weights: Floats) -> Floats | None:
        """(rows, columns, 2) pixels of all brow units together, for one frame's (52,) weights; None when still."""
        brows = weights[list(_UNITS)]
        if float(brows.max()) < _STILL:
            return None
        return np.asarray(np.tensordot(brows, self.fields, 1), np.float32)


def plan_brows(motion: Motion, lattice: Lattice) -> Brows:
    """Spread the brow units from the landmarks above the eyes to the lattice."""
    points, unit, down = motion.mouth.points, motion.eye_distance, motion.mouth.down
    creases = points[[k for line in LID_CREASES for k in line]]
    eyes = points[list(EYE_CORNERS)].mean(0)
    lid_height = float(np.median((creases - eyes) @ down))
    above = (points - eyes) @ down < lid_height
    nodes = lattice.nodes()
    squared = ((nodes[..., None, :] - points[above]) ** 2).sum(-1) / (unit * _REACH) ** 2
    pull = np.exp(-squared / 2)
    moved = motion.units[list(_UNITS)][:, above]
    fields = np.einsum("rck,ukd->urcd", pull, moved) / (pull.sum(-1) + _ALONE)[..., None]
    # Nothing below the creases of the lids: there the eyes are.
    height = (nodes - eyes) @ down
    free = 1 - smoothstep(height, lid_height - 0.10 * unit, lid_height + 0.02 * unit)
    return Brows(np.asarray(fields * free[..., None], np.float32))
