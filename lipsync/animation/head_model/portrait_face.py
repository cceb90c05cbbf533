"""The face of a portrait as a surface: its 468 landmarks, the triangles between them, and how each target moves them.

The targets are those of the puppet, so that a portrait moves in a browser as it does in a video.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lipsync.animation.head_model.face_topology import face_topology
from lipsync.animation.head_model.viseme_targets import viseme_track
from lipsync.animation.oculus_visemes import OCULUS_NAMES
from lipsync.animation.puppet.motion import Motion
from lipsync.animation.types import ARKIT_NAMES, FaceTrack, resting_track
from lipsync.face.pose import HeadFit, load_basis
from lipsync.face.types import Portrait

Floats = NDArray[np.float64]

_JAW, _CLOSE = ARKIT_NAMES.index("jawOpen"), ARKIT_NAMES.index("mouthClose")
_BLINKS = ("eyeBlinkRight", "eyeBlinkLeft")


@dataclass(frozen=True)
class PortraitFace:
    """P points, of which the first 468 are MediaPipe's.

    Places in pixels of a portrait: x right, y down, z away from the viewer.
    """

    seen: Floats
    """(P, 2) where the picture shows each point."""
    rest: Floats
    """(P, 3) where it is with the mouth shut."""
    targets: dict[str, Floats]
    """(P, 3) what each of the 52 units and 15 visemes adds."""
    triangles: NDArray[np.intp]
    """(F, 3) clockwise in the picture; none between the lips, nor between the lids of eyes that blink."""
    lip_loop: tuple[int, ...]
    """The inner edge of the lips, once around."""
    eye_loops: tuple[tuple[int, ...], tuple[int, ...]]
    """The edges of the lids: the person's right eye, then the left."""


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
    for name in _BLINKS:
        targets[name] = np.zeros_like(rest)  # lids are surfaces of their own
    topology = face_topology(open_eyes=blinks)
    return PortraitFace(
        topology.extended(mouth.points),
        topology.extended(rest),
        {name: topology.extended(moved) for name, moved in targets.items()},
        topology.triangles,
        topology.lip_loop,
        topology.eye_loops,
    )


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


def skin_depth(face: PortraitFace, places: Floats) -> Floats:
    """(..., ) depth of the nearest surface of the face at the places (..., 3); elsewhere, their own."""
    flat = places.reshape(-1, 3)
    a, b, c = (face.rest[face.triangles[:, corner]] for corner in range(3))
    near = ~((np.minimum(np.minimum(a, b), c)[:, :2] > flat[:, :2].max(0)).any(1))
    near &= ~((np.maximum(np.maximum(a, b), c)[:, :2] < flat[:, :2].min(0)).any(1))
    a, b, c = a[near], b[near], c[near]
    across, along = (b - a)[:, :2], (c - a)[:, :2]
    area = across[:, 0] * along[:, 1] - across[:, 1] * along[:, 0]
    away = flat[:, None, :2] - a[None, :, :2]
    with np.errstate(divide="ignore", invalid="ignore"):
        second = (away[..., 0] * along[:, 1] - away[..., 1] * along[:, 0]) / area
        third = (across[:, 0] * away[..., 1] - across[:, 1] * away[..., 0]) / area
    depth = a[:, 2] * (1 - second - third) + b[:, 2] * second + c[:, 2] * third
    inside = (second >= 0) & (third >= 0) & (second + third <= 1)
    nearest = np.where(inside, depth, np.inf).min(1)
    return np.where(np.isfinite(nearest), nearest, flat[:, 2]).reshape(places.shape[:-1])
