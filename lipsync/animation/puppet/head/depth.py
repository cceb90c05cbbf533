"""The depth of a head over a lattice: the mesh's, running out to that of the pivot at the outline of the skull.

So yaw and pitch move what lies inside the outline and hardly the outline itself: hair borders and background stay.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync.animation.puppet.curves import smoothstep, spaced_points
from lipsync.animation.puppet.face_warp import thin_plate_operator
from lipsync.face.pose import HeadFit
from lipsync.face.topology import CHIN, EYE_CORNERS, EYE_CORNERS_OUTER, FACE_OVAL

Floats = NDArray[np.float32]

PIVOT = np.array([0.0, -0.30, -0.60])
"""Between atlas and fourth cervical vertebra, in the basis (eye distances, y up, z to the viewer): the point about
which a head turns. The ears are at y 0.17, z -0.54."""
_SKULL = np.array([0.0, 0.30, -0.60])
"""Middle of the skull, in the basis."""
_SPACING = 0.085
"""Landmarks that carry depth stand this far apart, in eye distances."""
_STIFFNESS = 3e-3
"""Smoothing of the thin-plate splines, in squared eye distances."""
_BLUR = 0.04
"""Standard deviation of the last smoothing, in eye distances."""
_GLASSES_BLUR = 0.12
"""The same where glasses are: rims that followed the hollow of the eye and the bridge of the nose would bend.

Rims of five portraits look straight at 7 degrees with 0.08 and more.
"""
_LENSES = (0.35, 0.60)
"""Eye distances from the middle of the eyes along their line between which the smoothing leaves this direction.

Towards the temples the depth falls, and with it rims and temples of glasses: smoothed along the eyes too, this slope
was flat, and a head fitted to the landmarks of hopper, 112 and 209 turned by 0.77, 0.70 and 0.71 of what was meant
instead of 0.84, 0.76 and 0.76 (0.86, 0.78 and 0.79 without smoothing).
"""
_BEHIND, _BEFORE = 0.3, 1.0
"""Eye distances behind and before the pivot to which the depth is limited. The far side of a turned face lies up to
0.25 behind; with 0.1 heads fitted to gauss, newton, 262 and 115 turned by 0.03 to 0.06 less of what was meant."""


def plan_depth(landmarks: NDArray[np.floating], head: HeadFit, nodes: Floats, *, has_glasses: bool = False) -> Floats:
    """(rows, columns) pixels by which each of ``nodes`` (rows, columns, 2) lies nearer to the viewer than the pivot.

    ``landmarks`` (468, 3) pixels.
    """
    points = np.asarray(landmarks[:, :2], np.float64)
    unit, pivot = head.scale, head.place(PIVOT)
    skull = head.place(_SKULL)[:2]
    on_face = spaced_points(points, (*FACE_OVAL, *range(len(points))), _SPACING * unit)
    outline = _skull_outline(points, head, skull)
    neck = head.place(
        np.array([[x, y, -0.38 - 0.25 * abs(x)] for y in (-1.18, -1.5) for x in (-0.6, -0.3, 0.0, 0.3, 0.6)])
    )
    controls = np.concatenate([points[on_face], outline, skull + (outline - skull) * 1.5, neck[:, :2]])
    values = np.concatenate(
        [-(head.points[on_face, 2] - pivot[2]), np.zeros(2 * len(outline)), -(neck[:, 2] - pivot[2])]
    )
    places = (nodes.reshape(-1, 2).astype(np.float64) - skull) / unit
    operator = thin_plate_operator((controls - skull) / unit, places, _STIFFNESS)
    depth = (operator @ values.astype(np.float32)).reshape(nodes.shape[:2])
    depth = np.clip(depth, -_BEHIND * unit, _BEFORE * unit)
    away = np.hypot((nodes[..., 0] - skull[0]) / (1.45 * unit), (nodes[..., 1] - skull[1]) / (1.9 * unit))
    depth = np.asarray(depth * (1 - smoothstep(away, 0.75, 1.0)), np.float32)
    spacing = float(nodes[0, 1, 0] - nodes[0, 0, 0])
    depth = np.asarray(cv2.GaussianBlur(depth, (0, 0), _BLUR * unit / spacing), np.float32)
    return _flatten_at_eyes(depth, nodes, points, unit, spacing) if has_glasses else depth


def _skull_outline(points: NDArray[np.float64], head: HeadFit, skull: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, 2) pixels of the skull's outline above the jaw, where it is outside of the face.

    It is laid out in the plane of the picture: the outline of a turned head is where its surface is seen edge-on. A
    turned head's far cheek is its outline itself.
    """
    angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    upper = np.maximum(np.sin(angle), 0)
    ring = np.stack([0.98 * np.cos(angle), -np.sin(angle) * (0.75 + 0.60 * upper)], -1) * head.scale
    roll = np.radians(-head.roll)
    ring = skull + ring @ np.array([[np.cos(roll), np.sin(roll)], [-np.sin(roll), np.cos(roll)]])
    oval = points[list(FACE_OVAL)].astype(np.float32).reshape(-1, 1, 2)
    inside = np.array([cv2.pointPolygonTest(oval, (float(x), float(y)), True) for x, y in ring])
    return np.asarray(ring[(ring[:, 1] < points[CHIN, 1] - 0.35 * head.scale) & (inside < -0.10 * head.scale)])


def _flatten_at_eyes(
    depth: Floats, nodes: Floats, points: NDArray[np.float64], unit: float, spacing: float
) -> Floats:
    """The depth as one smooth surface in a band around the eyes, so that the rims of glasses stay straight."""
    right, left = points[list(EYE_CORNERS_OUTER)]
    along = (left - right) / np.linalg.norm(left - right)
    down = np.array([-along[1], along[0]])
    offset = nodes - points[list(EYE_CORNERS)].mean(0)
    x, y = offset @ along / unit, offset @ down / unit
    wide, fine = _GLASSES_BLUR * unit / spacing, _BLUR * unit / spacing
    smooth = cv2.GaussianBlur(depth, (0, 0), wide)
    at_sides = cv2.filter2D(depth, -1, _gaussian_kernel(fine, wide, along), borderType=cv2.BORDER_REPLICATE)
    smooth = smooth + (at_sides - smooth) * smoothstep(np.abs(x), *_LENSES)
    share = (1 - smoothstep(np.abs(x), 0.75, 1.0)) * (1 - smoothstep(np.abs(y), 0.22, 0.42))
    # The blur draws in the lower depth around: the band as a whole keeps its own, and turns as far as it should.
    band = (np.abs(x) < 0.55) & (np.abs(y) < 0.22)
    smooth = smooth * (float(depth[band].mean()) / max(float(smooth[band].mean()), 1e-3)) if band.any() else smooth
    return np.asarray(depth + (smooth - depth) * share, np.float32)


def _gaussian_kernel(along_sigma: float, across_sigma: float, along: NDArray[np.float64]) -> Floats:
    """(n, n) kernel of a blur with standard deviations along the direction ``along`` (2,) and across it, in nodes."""
    reach = int(np.ceil(3 * max(along_sigma, across_sigma)))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    u, v = x * along[0] + y * along[1], y * along[0] - x * along[1]
    kernel = np.exp(-0.5 * ((u / along_sigma) ** 2 + (v / across_sigma) ** 2))
    return np.asarray(kernel / kernel.sum(), np.float32)
