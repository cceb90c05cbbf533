"""The skin of a portrait's 3D model: face and relief as one surface with the picture as its texture."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from lipsync.animation.head_model.model import Material, Mesh
from lipsync.animation.head_model.model_space import ModelSpace
from lipsync.animation.head_model.portrait_face import PortraitFace
from lipsync.animation.head_model.relief import Relief
from lipsync.animation.head_model.skeleton import NAMES
from lipsync.animation.head_model.textures import jpeg_file
from lipsync.animation.puppet.curves import smoothstep
from lipsync.face.topology import CHIN, FACE_OVAL
from lipsync.face.types import Portrait

Floats = NDArray[np.float64]

_CARRY, _CARRY_SPREAD = 0.8, 0.3
"""Eye distances around the face that go along with its outline, and within which its places are averaged."""
_BORDER = 0.06
"""Eye distances from the border of the picture within which a face fades out that the picture cuts off."""
_QUALITY = 88
_OPAQUE = 0.999


def portrait_surfaces(portrait: Portrait, face: PortraitFace, relief: Relief, space: ModelSpace) -> tuple[Mesh, ...]:
    """Face and relief as one surface, of which the part that fades out is another mesh."""
    count = len(face.rest)
    height, width = portrait.picture.shape[:2]
    oval = list(FACE_OVAL)
    shares = _carried(relief.points, face, oval, portrait.head.scale)
    shut = np.column_stack([face.rest[:, :2] - face.seen, np.zeros(count)])
    points = np.concatenate([face.rest, relief.points + shares @ shut[oval]])
    seen = np.concatenate([face.seen, relief.points[:, :2]])
    inside = np.minimum(face.seen, np.array([width - 1, height - 1]) - face.seen).min(1) / portrait.head.scale
    opacity = np.concatenate([np.clip(inside / _BORDER, 0, 1), relief.opacity])
    rows = np.concatenate([oval, count + np.arange(len(relief.points))])
    triangles = np.concatenate([face.triangles, rows[relief.triangles]])[:, [0, 2, 1]]  # counterclockwise
    places = (seen + 0.5) / [width, height]
    targets = {
        name: space.turn(np.concatenate([moved, shares @ moved[oval]])) for name, moved in face.targets.items()
    }
    positions = space.place(points)
    joints, weights = _influences(positions, float(space.place(face.rest[CHIN])[1]), count)
    texture = jpeg_file(portrait.picture, _QUALITY)
    solid = (opacity[triangles] > _OPAQUE).all(1)
    whole = Mesh(
        "Face",
        Material("Portrait", texture=texture, unlit=True),
        positions.astype(np.float32),
        triangles,
        joints,
        weights.astype(np.float32),
        texture_coordinates=places.astype(np.float32),
        colours=np.column_stack([np.ones((len(opacity), 3)), opacity]).astype(np.float32),
        morphs={name: moved.astype(np.float32) for name, moved in targets.items()},
    )
    fading = Material("Outline", texture=texture, unlit=True, double_sided=True, blend=True)
    return (
        replace(_part(whole, solid), colours=None),
        replace(_part(whole, ~solid), name="Outline", material=fading),
    )


def _part(mesh: Mesh, keep: NDArray[np.bool_]) -> Mesh:
    """The triangles ``keep`` (F,) of a mesh, with their vertices alone."""
    used, triangles = np.unique(mesh.triangles[keep], return_inverse=True)
    assert mesh.texture_coordinates is not None
    assert mesh.colours is not None
    return replace(
        mesh,
        positions=mesh.positions[used],
        triangles=triangles.reshape(-1, 3),
        joints=mesh.joints[used],
        weights=mesh.weights[used],
        texture_coordinates=mesh.texture_coordinates[used],
        colours=mesh.colours[used],
        morphs={name: moved[used] for name, moved in mesh.morphs.items()},
    )


def _carried(points: Floats, face: PortraitFace, oval: list[int], unit: float) -> Floats:
    """(n, 36) share of the displacement of each place of the face's outline in that of the relief's points."""
    away = np.linalg.norm(points[:, None, :2] - face.seen[oval], axis=2) / unit
    nearest = away.min(1, keepdims=True)
    weights = np.exp(-((away**2 - nearest**2) / _CARRY_SPREAD**2))
    return np.asarray(weights / weights.sum(1, keepdims=True) * (1 - smoothstep(nearest, 0.0, _CARRY)))


def _influences(positions: Floats, chin: float, face: int) -> tuple[NDArray[np.intp], Floats]:
    """(V, 4) bones and weights: the face is the head's, below the chin come neck, chest and shoulders."""
    aside = np.abs(positions[:, 0])
    height = positions[:, 1] - chin - 0.6 * np.maximum(aside - 0.09, 0)
    head, neck = smoothstep(height, -0.055, -0.005), smoothstep(height, -0.12, -0.05)
    head[:face] = neck[:face] = 1.0
    shoulder = smoothstep(aside, 0.06, 0.16) * (1 - neck)
    left = positions[:, 0] > 0
    joints = np.tile([NAMES.index(name) for name in ("Head", "Neck", "Spine2", "LeftShoulder")], (len(positions), 1))
    joints[~left, 3] = NAMES.index("RightShoulder")
    return joints, np.stack([head, neck * (1 - head), 1 - neck - shoulder, shoulder], 1)
