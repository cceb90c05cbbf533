"""The face of a portrait as a surface: its 468 landmarks, the triangles between them, and how each target moves them.

The targets are those of the puppet, so that a portrait moves in a browser as it does in a video.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from lipsync.animation.head_model.triangulation import delaunay
from lipsync.animation.head_model.viseme_targets import viseme_track
from lipsync.animation.oculus_visemes import OCULUS_NAMES
from lipsync.animation.puppet.motion import Motion
from lipsync.animation.types import ARKIT_NAMES, FaceTrack, resting_track
from lipsync.face.pose import HeadFit, load_basis
from lipsync.face.topology import (
    FACE_OVAL,
    LID_CREASES,
    LOWER_LIDS,
    LOWER_LIP,
    MOUTH_CORNERS,
    UPPER_LIDS,
    UPPER_LIP,
)
from lipsync.face.types import Portrait

Floats = NDArray[np.float64]

_JAW, _CLOSE = ARKIT_NAMES.index("jawOpen"), ARKIT_NAMES.index("mouthClose")
_BLINKS = ("eyeBlinkRight", "eyeBlinkLeft")
"""In the order of UPPER_LIDS: the person's right eye first."""
_LIP_ELLIPSES = ((0.27, 0.155), (0.245, 0.125), (0.22, 0.10), (0.195, 0.07))
"""Half axes of the rings of the lips, outermost first, in the plan that is triangulated, in eye distances."""
_LOWER_LID_RISES, _CREASE_FOLLOWS = 0.12, 0.30
"""Shares of a blink's way that the lower lid makes, and that the fold above the upper lid goes along."""
_LID_BULGE = 0.035
"""Eye distances that a shut lid stands out over the eyeball."""


@dataclass(frozen=True)
class PortraitFace:
    """Places in pixels of a portrait: x right, y down, z away from the viewer."""

    seen: Floats
    """(468, 2) where the picture shows each point."""
    rest: Floats
    """(468, 3) where it is with the mouth shut."""
    targets: dict[str, Floats]
    """(468, 3) what each of the 52 units and 15 visemes adds."""
    triangles: NDArray[np.intp]
    """(F, 3) clockwise in the picture; none between the lips, nor between the lids of eyes that blink."""
    blinks: bool


def portrait_face(portrait: Portrait, motion: Motion, *, blinks: bool) -> PortraitFace:
    """The face of an upright portrait; without ``blinks`` its eyes stay as the picture has them."""
    mouth, head = motion.mouth, portrait.head
    depth = portrait.landmarks[:, 2].astype(np.float64)
    rest = np.column_stack([mouth.points + mouth.closing, depth])
    still = resting_track(30, 1)
    shut = motion.displacements(still)[0] - mouth.closing
    rest[:, :2] += shut
    units = _units(motion, head)
    visemes = _moved(motion, viseme_track(), head)
    targets = dict(zip(ARKIT_NAMES, units, strict=True)) | dict(zip(OCULUS_NAMES, visemes, strict=True))
    if blinks:
        for side, name in enumerate(_BLINKS):
            targets[name] = _blink(rest, side, head.scale)
    return PortraitFace(mouth.points.copy(), rest, targets, face_triangles(open_eyes=blinks), blinks)


def _units(motion: Motion, head: HeadFit) -> Floats:
    """(52, 468, 3) what each unit alone adds; mouthClose shuts lips that jawOpen has parted."""
    count = len(ARKIT_NAMES)
    each = resting_track(30, count, weights=np.eye(count, dtype=np.float32))
    moved = _moved(motion, each, head)
    open_jaw = np.zeros((1, count), np.float32)
    open_jaw[0, _JAW] = 1
    sealed = resting_track(30, 1, weights=open_jaw, seal=np.ones(1, np.float32))
    moved[_CLOSE] = _moved(motion, sealed, head)[0] - moved[_JAW]
    return moved


def _moved(motion: Motion, track: FaceTrack, head: HeadFit) -> Floats:
    """(T, 468, 3) what the frames of ``track`` add to the face at rest."""
    plane = motion.displacements(track) - motion.displacements(resting_track(30, 1))
    depth = np.tensordot(track.weights, head.turn(load_basis().displacements)[..., 2], 1)
    return np.concatenate([plane, depth[..., None]], 2).astype(np.float64)


def _blink(rest: Floats, side: int, unit: float) -> Floats:
    """(468, 3) what shuts one eye: the edges of its lids meet, the fold above follows a little."""
    moved = np.zeros_like(rest)
    upper, lower, crease = (list(rings[side]) for rings in (UPPER_LIDS, LOWER_LIDS, LID_CREASES))
    way = rest[lower] - rest[upper]
    bulge = np.sin(np.linspace(0, np.pi, len(upper))) * _LID_BULGE * unit
    for points, share in ((upper, 1 - _LOWER_LID_RISES), (lower, -_LOWER_LID_RISES), (crease, _CREASE_FOLLOWS)):
        moved[points] = way * share
        moved[points, 2] -= bulge * abs(share) if share > 0 else bulge
    return moved


@cache
def face_triangles(*, open_eyes: bool) -> NDArray[np.intp]:
    """(F, 3) triangles of MediaPipe's points, clockwise in a picture: Delaunay's, on the head of the ARKit basis.

    There are none between the lips, and with ``open_eyes`` none between the lids.
    """
    plane = _plan()
    holes = [{*UPPER_LIP[3], *LOWER_LIP[3]}]
    if open_eyes:
        holes += [{*upper, *lower} for upper, lower in zip(UPPER_LIDS, LOWER_LIDS, strict=True)]
    triangles = delaunay(plane)
    keep = [not any(hole.issuperset(triangle) for hole in holes) for triangle in triangles.tolist()]
    return triangles[keep]


def _plan() -> Floats:
    """(468, 2) the points of a face laid out flat, y down: lips wide apart, the outline an ellipse around the rest."""
    basis = load_basis()
    plane = (basis.points + 0.6 * basis.unit("jawOpen"))[:, :2] * [1, -1]
    middle = plane[list(MOUTH_CORNERS)].mean(0) + [0.0, 0.06]
    angle = np.linspace(np.pi, 0, len(UPPER_LIP[0]))
    for ring, (across, up) in enumerate(_LIP_ELLIPSES):
        for rings, sign in ((UPPER_LIP, -1), (LOWER_LIP, 1)):
            plane[list(rings[ring])] = middle + np.stack([across * np.cos(angle), sign * up * np.sin(angle)], 1)
    oval = list(FACE_OVAL)
    centre = (plane[oval].min(0) + plane[oval].max(0)) / 2
    away = (plane[oval] - centre) / (np.ptp(plane[oval], axis=0) / 2)
    plane[oval] = centre + away / np.linalg.norm(away, axis=1, keepdims=True) * np.ptp(plane[oval], axis=0) * 0.56
    return plane
