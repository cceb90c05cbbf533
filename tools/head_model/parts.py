"""Cuts the surfaces of the head out of the MakeHuman body: skin, shirt, hair, eyes, lashes, teeth, tongue."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lipsync.animation.head_model.model import Bone, vertex_normals
from lipsync.animation.head_model.skeleton import BONES
from tools.head_model.makehuman import Faces, MakeHuman

Floats = NDArray[np.float64]

_BODY = {
    "macrodetails/universal-female-young-averagemuscle-averageweight": 1.0,
    "breast/female-young-averagemuscle-averageweight-mincup-averagefirmness": 1.0,
} | {f"macrodetails/{origin}-female-young": 1 / 3 for origin in ("african", "asian", "caucasian")}
"""Targets, and how much of them: a young woman of everywhere."""
_REST = {"mouthClose": 0.035, "mouthSmileLeft": 0.16, "mouthSmileRight": 0.16, "browInnerUp": -0.12}
"""Units of the resting face, which otherwise parts its lips a little and looks sad."""
_CORNER_SLIT, _LOWER_LIP_FALLS = 0.0009, -0.012
"""Metres that the upper lip comes down there, and what jawOpen moves the lower lip by and the upper one does not."""
_BUST, _ELBOW = 1.17, 0.27
"""Metres: the height at which the bust ends, and the distance from the middle at which the arms do."""
_NECKLINE, _NECKLINE_SLOPE = 1.350, -0.45
"""Height in metres of the shirt's collar at depth 0, and how it falls towards the front."""
_CLOTH = 0.005
"""Metres between skin and shirt."""
_LIPS_MEET = 468
"""Vertex of the body at the front of the upper lip's edge, in the middle."""
_TUCKED_IN = 0.015
"""Metres of skin below the collar."""
_SMOOTHINGS = 20
_NECK = 0.14
"""Metres from the middle within which head and neck are."""
_HEAD_ISLAND = 0.64
"""Texture coordinate u above which a face of the body belongs to the head and the neck."""


@dataclass(frozen=True)
class Part:
    """Some faces of the body with their own rows of vertices."""

    rows: NDArray[np.intp]
    """(V,) vertices of MakeHuman's body."""
    places: Floats
    """(V, 2) texture coordinates, v down."""
    triangles: NDArray[np.intp]
    """(F, 3)."""

    def chosen(self, keep: NDArray[np.bool_]) -> Part:
        """The triangles (F,) that ``keep`` names, with their vertices alone."""
        used, triangles = np.unique(self.triangles[keep], return_inverse=True)
        return Part(self.rows[used], self.places[used], triangles.reshape(-1, 3))


class Body:
    """The body in its shape, standing on the ground."""

    def __init__(self, data: MakeHuman) -> None:
        self.data = data
        body = data.groups["body"]
        shaped = data.vertices + sum(data.target(path) * share for path, share in _BODY.items())
        shaped = shaped + sum(data.units[name] * share for name, share in _REST.items())
        self.vertices: Floats = shaped - [0.0, shaped[np.unique(body.vertices), 1].min(), 0.0]
        self._shut_corners()
        quads = body.vertices
        triangles = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])
        self.normals = vertex_normals(self.vertices, triangles).astype(np.float64)
        place = self.vertices[quads]
        is_head = data.texture_coordinates[body.places, 0].min(1) > _HEAD_ISLAND
        is_head &= (place[..., 1].min(1) > _BUST) & (np.abs(place[..., 0]).max(1) < _NECK)
        self.skin = self._part(body, is_head)
        above = self.above_collar(self.vertices)
        self._cuts: list[tuple[int, int, float]] = []
        near = ~is_head & (np.abs(place[..., 0]).max(1) < _NECK) & (above[quads].max(1) > -_TUCKED_IN)
        neck = self._cut(self._part(body, near), -above - _TUCKED_IN)
        is_bust = ~is_head & (place[..., 1].max(1) > _BUST) & (np.abs(place[..., 0]).max(1) < _ELBOW)
        beyond = np.maximum(_BUST - self.vertices[:, 1], above)
        shirt = self._cut(self._part(body, is_bust), beyond)
        self.vertices, normals = self.extended(self.vertices), self.extended(self.normals)
        self.normals = normals / np.linalg.norm(normals, axis=1, keepdims=True)
        self.neck, self.shirt = neck, shirt

    def _shut_corners(self) -> None:
        """Bring the lips together towards the corners of the mouth, where those of the targets leave a slit."""
        x, y, z = (self.vertices - self.lips_meet()).T
        across = np.interp(np.abs(x), [0.007, 0.012, 0.0205, 0.023], [0.0, 1.0, 1.0, 0.0])
        way = _CORNER_SLIT * across * np.exp(-((y / 0.003) ** 2)) * (np.abs(z) < 0.02)
        is_lower = self.data.units["jawOpen"][:, 1] < _LOWER_LIP_FALLS
        self.vertices[:, 1] += np.where(is_lower, 0.7 * way, -way)

    def extended(self, values: Floats) -> Floats:
        """(V + cuts, ...) values at MakeHuman's vertices (V, ...), and at those where surfaces were cut."""
        first, second = np.array([cut[:2] for cut in self._cuts]).T
        share = np.array([cut[2] for cut in self._cuts]).reshape(-1, *[1] * (values.ndim - 1))
        return np.concatenate([values, values[first] * (1 - share) + values[second] * share])

    def _cut(self, part: Part, height: Floats) -> Part:
        """The piece of ``part`` where ``height`` (V,), given at the vertices of the body, is negative."""
        rows, triangles = [*part.rows], []
        made: dict[tuple[int, int], int] = {}

        def crossing(a: int, b: int) -> int:
            key = (min(a, b), max(a, b))
            if key not in made:
                first, second = rows[key[0]], rows[key[1]]
                self._cuts.append((first, second, float(height[first] / (height[first] - height[second]))))
                made[key] = len(rows)
                rows.append(len(height) + len(self._cuts) - 1)
            return made[key]

        for triangle in part.triangles:
            corners = []
            for a, b in zip(triangle, np.roll(triangle, -1), strict=True):
                below, next_below = height[part.rows[a]] < 0, height[part.rows[b]] < 0
                corners += [a] if below else []
                corners += [crossing(a, b)] if below != next_below else []
            triangles += [[corners[0], corners[k], corners[k + 1]] for k in range(1, len(corners) - 1)]
        used, triangles = np.unique(np.array(triangles), return_inverse=True)
        return Part(np.array(rows)[used], np.zeros((len(used), 2)), triangles.reshape(-1, 3))

    def shirt_shift(self) -> Floats:
        """(V, 3) what makes a shirt of the skin below the collar: smoother, and a little wider."""
        rows, at = np.unique(self.shirt.rows, return_inverse=True)
        triangles = at[self.shirt.triangles]
        edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
        place, count = self.vertices[rows].copy(), len(rows)
        neighbours = np.bincount(edges.ravel(), minlength=count)
        inner = np.clip(-self.above_collar(place) / 0.03 - 0.3, 0, 1)[:, None] * 0.6
        inner[np.bincount(edges[:, 0], minlength=count) != np.bincount(edges[:, 1], minlength=count)] = 0
        inner *= (place[:, 1] > _BUST + 0.03)[:, None]
        for _ in range(_SMOOTHINGS):
            others = edges[:, ::-1].ravel()
            sums = np.stack([np.bincount(edges.ravel(), place[others, axis], count) for axis in range(3)], 1)
            place = place * (1 - inner) + inner * sums / neighbours[:, None]
        place += self.normals[rows] * _CLOTH
        return (place - self.vertices[rows])[at]

    @staticmethod
    def above_collar(place: Floats) -> Floats:
        """(...) metres above the collar: it is higher at the sides, where the neck is steep."""
        x, y, z = np.moveaxis(place, -1, 0)
        height: Floats = y - _NECKLINE - _NECKLINE_SLOPE * z - 0.32 * x**2 / (np.abs(x) + 0.05)
        return height

    def group(self, *names: str) -> Part:
        """Helpers, such as ``tongue``, as one part."""
        groups = [self.data.groups[f"helper-{name}"] for name in names]
        faces = Faces(
            np.concatenate([one.vertices for one in groups]), np.concatenate([one.places for one in groups])
        )
        return self._part(faces, np.ones(len(faces.vertices), bool))

    def _part(self, faces: Faces, keep: NDArray[np.bool_]) -> Part:
        corners = np.stack([faces.vertices[keep], faces.places[keep]], -1).reshape(-1, 2)
        pairs, quads = np.unique(corners, axis=0, return_inverse=True)
        quads = quads.reshape(-1, 4)
        triangles = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])
        proper = (
            (triangles[:, 0] != triangles[:, 1])
            & (triangles[:, 1] != triangles[:, 2])
            & (triangles[:, 0] != triangles[:, 2])
        )
        places = self.data.texture_coordinates[pairs[:, 1]]
        return Part(pairs[:, 0], np.stack([places[:, 0], 1 - places[:, 1]], 1), triangles[proper])

    def bones(self) -> tuple[Bone, ...]:
        """The skeleton with the joints of this body."""
        eyes = {f"{side}Eye": self._middle(f"{side[0].lower()}-eye") for side in ("Left", "Right")}
        return tuple(
            replace(bone, position=_as_tuple(eyes[bone.name] if bone.name in eyes else self._joint(bone.name)))
            for bone in BONES
        )

    def lips_meet(self) -> Floats:
        """(3,) the middle of the line where the lips meet, at their front."""
        return self.vertices[_LIPS_MEET]

    def _middle(self, name: str) -> Floats:
        some = self.vertices[self.group(name).rows]
        return (some.min(0) + some.max(0)) / 2

    def _joint(self, name: str) -> Floats:
        head = self.data.rig[name]["head"]
        if head["strategy"] == "MEAN":
            return self.vertices[head["vertex_indices"]].mean(0)
        cube = self.data.groups[head["cube_name"]]
        return self.vertices[np.unique(cube.vertices)].mean(0)

    def influences(self, rows: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
        """(V, 4) bones of the skeleton and (V, 4) their weights, from the weights of the rig."""
        weights_of = {name: self.extended(column)[rows] for name, column in self.data.bone_weights.items()}
        table = np.stack([weights_of.get(bone.name, np.zeros(len(rows))) for bone in BONES], 1)
        # what hangs on bones that a bust lacks, the lower arms and the legs, hangs on their neighbours
        names = [bone.name for bone in BONES]
        for side in ("Left", "Right"):
            table[:, names.index(f"{side}Arm")] += weights_of[f"{side}ForeArm"]
        table[table.sum(1) == 0, names.index("Head")] = 1
        joints = np.argsort(-table, axis=1)[:, :4]
        weights = np.take_along_axis(table, joints, 1)
        return joints, (weights / weights.sum(1, keepdims=True)).astype(np.float32)


def _as_tuple(place: Floats) -> tuple[float, float, float]:
    x, y, z = (round(float(value), 6) for value in place)
    return x, y, z
