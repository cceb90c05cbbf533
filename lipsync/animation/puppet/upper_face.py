"""The upper face: fields over the lattice for brows, lids and cheeks, above what the mouth moves."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync.animation.puppet.curves import smoothstep, spaced_points
from lipsync.animation.puppet.face_warp import Lattice, thin_plate_operator
from lipsync.animation.puppet.motion import Motion
from lipsync.animation.types import ARKIT_NAMES
from lipsync.face.topology import EYE_CORNERS, FACE_OVAL, LIPS

Floats = NDArray[np.float32]

_PREFIXES = ("brow", "cheekSquint", "eyeSquint", "eyeWide", "noseSneer", "mouthSmile")
UPPER_UNITS: tuple[int, ...] = tuple(k for k, name in enumerate(ARKIT_NAMES) if name.startswith(_PREFIXES))
"""Indices in ARKIT_NAMES of the units that move the upper face."""
_LOWEST = 0.42
"""Landmarks further below the line of the eyes are the mouth's, in eye distances."""
_FADE = (0.06, 0.30)
"""Eye distances below the line of the eyes between which these fields end and the mouth's begin."""
_ABOVE_RIMS = (0.04, 0.16)
"""Eye distances below the line of the eyes between which lids and cheeks come to rest where glasses are: further down
they would bend the rims."""
_BROWS_OVER_RIMS = 0.5
"""Share of the brows' movement that remains where glasses are: brows and upper rims often lie upon each other."""
_SPACING = 0.035
_STIFFNESS = 2e-4
_STILL = 1e-3
"""A unit weaker than this is not drawn."""


@dataclass(frozen=True)
class UpperFace:
    """What each unit at 1 does to a part of the lattice."""

    column0: int
    """The part: nodes column0 and row0 are its first."""
    row0: int
    fields: Floats
    """(units, rows, columns, 2) pixels, in the order of UPPER_UNITS."""

    def displacement(self, weights: Floats) -> Floats | None:
        """(rows, columns, 2) pixels of all units together, for one frame's (52,) weights; None when still."""
        amounts = weights[list(UPPER_UNITS)]
        if float(np.abs(amounts).max()) < _STILL:
            return None
        count, rows, columns, _ = self.fields.shape
        return np.asarray((amounts @ self.fields.reshape(count, -1)).reshape(rows, columns, 2), np.float32)


def plan_upper_face(motion: Motion, lattice: Lattice, *, has_glasses: bool = False) -> UpperFace:
    """Spread the units from the landmarks around the eyes to the lattice, by thin-plate splines."""
    points, unit, down = motion.mouth.points, motion.eye_distance, motion.mouth.down
    eyes = points[list(EYE_CORNERS)].mean(0)
    oval = points[list(FACE_OVAL)]
    centre = oval.mean(0)
    outline = centre + (oval - centre) * 1.16
    low, high = np.floor(lattice.to_cells(outline.min(0))), np.ceil(lattice.to_cells(outline.max(0)))
    lowest = lattice.to_cells(eyes + down * (_FADE[1] * unit) + np.array([0, 0.25 * unit]))[1]
    column0, row0 = np.clip(low - 3, 1, [lattice.columns - 3, lattice.rows - 3]).astype(int)
    column1, row1 = np.clip(
        [high[0] + 4, np.ceil(lowest) + 1], [column0 + 1, row0 + 1], [lattice.columns - 1, lattice.rows - 1]
    ).astype(int)
    nodes = lattice.nodes()[row0:row1, column0:column1]
    height = (points - eyes) @ down / unit
    chosen = spaced_points(
        points, [k for k in range(len(points)) if k not in LIPS and height[k] < _LOWEST], _SPACING * unit
    )
    anchors = np.concatenate([centre + (oval - centre) * 1.18, centre + (oval - centre) * 1.45])
    controls = (np.concatenate([points[chosen], anchors]) - centre) / unit
    operator = thin_plate_operator(controls, (nodes.reshape(-1, 2).astype(float) - centre) / unit, _STIFFNESS)
    inside = np.zeros(nodes.shape[:2], np.float32)
    cells = lattice.to_cells(outline) - np.array([column0, row0])
    cv2.fillPoly(inside, [np.round(cells).astype(np.int32)], 1.0)
    inside = np.asarray(cv2.GaussianBlur(inside, (0, 0), 0.05 * unit / lattice.step), np.float32)
    below = np.asarray((nodes - eyes) @ down / unit, np.float32)
    fade = (1 - smoothstep(below, *_FADE)) * smoothstep(inside, 0.05, 0.95)
    fade[[0, -1]] = 0
    fade[:, [0, -1]] = 0
    units = motion.units[list(UPPER_UNITS)][:, chosen]
    fields = np.einsum("np,upd->und", operator[:, : len(chosen)], units).reshape(len(UPPER_UNITS), *nodes.shape)
    # A smile raises the cheeks; above the eyes nothing moves with the mouth.
    is_smile = [ARKIT_NAMES[k].startswith("mouthSmile") for k in UPPER_UNITS]
    fields[is_smile] *= smoothstep(below, 0.0, 0.10)[..., None]
    if has_glasses:
        is_brow = np.array([ARKIT_NAMES[k].startswith("brow") for k in UPPER_UNITS])
        fields[~is_brow] *= (1 - smoothstep(below, *_ABOVE_RIMS))[..., None]
        fields[is_brow] *= _BROWS_OVER_RIMS
    return UpperFace(int(column0), int(row0), np.ascontiguousarray(fields * fade[..., None], np.float32))
