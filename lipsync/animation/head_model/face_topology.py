"""The triangles of a face between the points of MediaPipe's mesh, finer along the edges of lips and lids."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from lipsync.animation.head_model.triangulation import delaunay
from lipsync.face.pose import load_basis
from lipsync.face.topology import FACE_OVAL, LOWER_LIDS, LOWER_LIP, MOUTH_CORNERS, UPPER_LIDS, UPPER_LIP

Floats = NDArray[np.float64]

_LIP_ELLIPSES = ((0.27, 0.155), (0.245, 0.125), (0.22, 0.10), (0.195, 0.07))
"""Half axes of the rings of the lips, outermost first, in the plan that is triangulated, in eye distances."""
_OUTLINE = 1.12
"""Size of the face's outline in that plan: an ellipse around everything else."""
_CURVE = np.array([-1.0, 9.0, 9.0, -1.0]) / 16
"""Catmull and Rom's curve half way between the second and the third of four points."""


@dataclass(frozen=True)
class FaceTopology:
    """The points of a face are MediaPipe's 468, and k between them."""

    triangles: NDArray[np.intp]
    """(F, 3) clockwise in the picture."""
    between: Floats
    """(k, 468) shares of the 468 points in each further one."""
    lip_loop: tuple[int, ...]
    """The inner edge of the lips: along the upper one from the picture's left, back along the lower one."""
    eye_loops: tuple[tuple[int, ...], tuple[int, ...]]
    """The edges of the lids in the same way: the person's right eye, then the left."""

    def extended(self, values: Floats) -> Floats:
        """(..., 468 + k, d) values at all points, from those at the 468 (..., 468, d)."""
        return np.concatenate([values, self.between @ values], -2)


@cache
def face_topology(*, open_eyes: bool) -> FaceTopology:
    """The mesh has a hole between the lips, and with ``open_eyes`` one between the lids of each eye."""
    lips = [_loop(upper, lower) for upper, lower in zip(UPPER_LIP, LOWER_LIP, strict=True)]
    eyes = [_loop(upper, lower) for upper, lower in zip(UPPER_LIDS, LOWER_LIDS, strict=True)]
    holes = [set(lips[-1]), *(set(eye) for eye in eyes if open_eyes)]
    triangles = delaunay(_plan())
    triangles = triangles[[not any(hole.issuperset(triangle) for hole in holes) for triangle in triangles.tolist()]]
    edges = {_edge(a, b) for a, b in triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2).tolist()}
    middles: dict[tuple[int, int], int] = {}
    rows: list[Floats] = []
    for loop in (*lips, *eyes):
        for place, point in enumerate(loop):
            four = [loop[(place + step) % len(loop)] for step in (-1, 0, 1, 2)]
            if _edge(point, four[2]) not in edges:
                continue
            middles[_edge(point, four[2])] = 468 + len(rows)
            row = np.zeros(468)
            np.add.at(row, four, _CURVE)
            rows.append(row)

    def finer(loop: list[int]) -> tuple[int, ...]:
        following = [*loop[1:], loop[0]]
        return tuple(step for a, b in zip(loop, following, strict=True) for step in (a, middles[_edge(a, b)]))

    right, left = (finer(eye) for eye in eyes)
    return FaceTopology(_split(triangles, middles), np.array(rows), finer(lips[-1]), (right, left))


def _loop(upper: tuple[int, ...], lower: tuple[int, ...]) -> list[int]:
    """The points of a ring: along its upper half, back along the lower one."""
    return [*upper, *lower[-2:0:-1]]


def _edge(a: int, b: int) -> tuple[int, int]:
    return min(a, b), max(a, b)


def _split(triangles: NDArray[np.intp], middles: dict[tuple[int, int], int]) -> NDArray[np.intp]:
    """The triangles with the edges in ``middles`` divided there."""
    found = []
    for triangle in triangles.tolist():
        corners = []
        for a, b in zip(triangle, [*triangle[1:], triangle[0]], strict=True):
            middle = middles.get(_edge(a, b))
            corners += [a] if middle is None else [a, middle]
        # the fan begins at a new point, so that no triangle has its three corners on one edge
        start = next((place for place, corner in enumerate(corners) if corner >= 468), 0)
        corners = corners[start:] + corners[:start]
        found += [[corners[0], corners[k], corners[k + 1]] for k in range(1, len(corners) - 1)]
    return np.array(found, np.intp)


def _plan() -> Floats:
    """(468, 2) the points laid out flat, y down: lips wide apart, the outline an ellipse around the rest."""
    basis = load_basis()
    plane = (basis.points + 0.6 * basis.unit("jawOpen"))[:, :2] * [1, -1]
    middle = plane[list(MOUTH_CORNERS)].mean(0) + np.array([0.0, 0.06])
    angle = np.linspace(np.pi, 0, len(UPPER_LIP[0]))
    for ring, (across, up) in enumerate(_LIP_ELLIPSES):
        for rings, sign in ((UPPER_LIP, -1), (LOWER_LIP, 1)):
            plane[list(rings[ring])] = middle + np.stack([across * np.cos(angle), sign * up * np.sin(angle)], 1)
    oval = plane[list(FACE_OVAL)]
    centre, half = (oval.min(0) + oval.max(0)) / 2, np.ptp(oval, axis=0) / 2
    away = (oval - centre) / half
    plane[list(FACE_OVAL)] = centre + _OUTLINE * half * away / np.linalg.norm(away, axis=1, keepdims=True)
    return plane
