"""A head for a browser: meshes with morph targets on a skeleton. Axes are glTF's: metres, y up, z forward, x to the
person's left."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Bone:
    """One joint of the skeleton, whose rest has the axes of the model."""

    name: str
    parent: int
    """Index of the parent in the skeleton, which comes first; -1 for the root."""
    position: tuple[float, float, float]
    """Place of the joint in the model."""
    rotation: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 1.0)
    """Quaternion x, y, z, w in which the file shows the bone: a pose, the meshes are bound without it."""


@dataclass(frozen=True)
class Material:
    """How a surface looks."""

    name: str
    colour: tuple[float, float, float, float] = (1.0, 1.0, 1.0, 1.0)
    """Linear RGB and opacity, multiplied with texture and vertex colours."""
    texture: bytes | None = None
    """A JPEG file."""
    roughness: float = 0.7
    unlit: bool = False
    """The texture already has the light in it (KHR_materials_unlit)."""
    blend: bool = False
    """The opacity of the vertices is used."""
    double_sided: bool = False


@dataclass(frozen=True)
class Mesh:
    """One surface of one material: V vertices, F triangles."""

    name: str
    material: Material
    positions: Floats
    """(V, 3)."""
    triangles: NDArray[np.integer]
    """(F, 3) counterclockwise from outside; V is at most 65535."""
    joints: NDArray[np.integer]
    """(V, 4) bones by index."""
    weights: Floats
    """(V, 4) of the joints; rows sum to 1."""
    normals: Floats | None = None
    """(V, 3) of length 1; None for an unlit surface."""
    texture_coordinates: Floats | None = None
    """(V, 2) in 0-1, v down."""
    colours: Floats | None = None
    """(V, 4) linear RGB and opacity, 0-1."""
    morphs: dict[str, Floats] = field(default_factory=dict)
    """(V, 3) displacement of the vertices by each morph target at weight 1, less than a metre."""
    morph_normals: dict[str, Floats] = field(default_factory=dict)
    """(V, 3) what each target adds to the normals; empty: nothing."""


@dataclass(frozen=True)
class HeadModel:
    """Everything of one GLB file."""

    bones: tuple[Bone, ...]
    meshes: tuple[Mesh, ...]
    copyright: str = ""


def vertex_normals(positions: NDArray[np.floating], triangles: NDArray[np.integer]) -> Floats:
    """(V, 3) mean of the normals of the triangles at each vertex, weighted by their area."""
    a, b, c = (positions[triangles[:, corner]].astype(np.float64) for corner in range(3))
    faces = np.cross(b - a, c - a)
    sums = np.stack(
        [np.bincount(triangles.ravel(), np.repeat(faces[:, axis], 3), len(positions)) for axis in range(3)], 1
    )
    length = np.linalg.norm(sums, axis=1, keepdims=True)
    return np.where(length > 0, sums / np.maximum(length, 1e-30), [0.0, 0.0, 1.0]).astype(np.float32)
