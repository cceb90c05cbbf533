"""What surrounds the face of a portrait as a soft relief: hair, neck and shoulders, up to the person's outline."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync.animation.head_model.triangulation import clockwise, delaunay
from lipsync.face.topology import CHIN, FACE_OVAL
from lipsync.face.types import Portrait

Floats = NDArray[np.float64]

_CELL = 0.05
"""Side of a cell of the grid on which the depth is computed, in eye distances."""
_SPACING = 0.13
"""Between the vertices of the relief, in eye distances."""
_RIM = (0.50, 0.05)
"""Alphas of the inner and the outer line of the rim, along which the relief fades out."""
_RIM_WIDTH = 0.05
"""Eye distances between the two lines at least."""
_FADE = 0.55
"""Eye distances above the lower end of the crop in which the shoulders fade out."""
_BACK = -0.60
"""Depth of the outline in the ARKit basis: that of the middle of the skull, where a head is seen edge-on."""
_BULGE = 0.55
"""Source of the equation, the negative Laplacian of the squared height."""
_NECK = ((-1.18, -0.42), (-1.35, -0.46))
"""Heights and depths of the front of the neck in the basis."""
_SWEEPS = 40


@dataclass(frozen=True)
class Relief:
    """Vertices around the face, pixels of the picture: x right, y down, z away from the viewer."""

    points: Floats
    """(n, 3) beside the 36 of the face's outline."""
    opacity: Floats
    """(n,) 0-1."""
    triangles: NDArray[np.intp]
    """(F, 3) clockwise in the picture, of rows of [the outline of the face (36), the points]."""


def build_relief(portrait: Portrait, oval: Floats) -> Relief:
    """The relief of a cut out portrait; ``oval`` (36, 3) is the outline of its face."""
    assert portrait.alpha is not None
    unit = portrait.head.scale
    alpha = cv2.GaussianBlur(portrait.alpha.astype(np.float32) / 255, (0, 0), 0.03 * unit)
    alpha = _with_face(alpha, oval)
    depth = _Depth(portrait, alpha, oval)
    inner = _outline(alpha, _RIM[0], _SPACING * 0.7 * unit)
    outer = _outwards(inner, alpha, unit)
    inside = _grid(alpha, oval, inner, unit)
    plane = np.concatenate([inside, inner, outer])
    points = np.column_stack([plane, depth.at(plane)])
    opacity = np.concatenate([np.ones(len(inside) + len(inner)), np.zeros(len(outer))])
    below = portrait.picture.shape[0] - 1 - plane[:, 1]
    opacity *= np.clip(below / (_FADE * unit), 0, 1)
    triangles = _triangles(oval[:, :2], plane, len(inside), len(inner))
    return Relief(points, opacity, triangles)


def _with_face(alpha: NDArray[np.float32], oval: Floats) -> NDArray[np.float32]:
    """``alpha``, in which the face itself and a margin are opaque, and what is not connected with it is not there."""
    face = np.zeros(alpha.shape, np.uint8)
    middle = oval[:, :2].mean(0)
    cv2.fillPoly(face, [np.round(middle + (oval[:, :2] - middle) * 1.08).astype(np.int32)], 1)
    whole = np.maximum(alpha, face)
    _, regions = cv2.connectedComponents((whole > _RIM[0]).astype(np.uint8))
    seed = regions[np.clip(int(middle[1]), 0, alpha.shape[0] - 1), np.clip(int(middle[0]), 0, alpha.shape[1] - 1)]
    near = cv2.dilate((regions == seed).astype(np.uint8), np.ones((9, 9), np.uint8))
    return np.asarray(whole * near, np.float32)


class _Depth:
    """The depth of the relief on a grid: Poisson's equation for the squared height over the plane of the outline.

    The height is that of the face along its outline and 0 along the person's; its square has a constant source, which
    rounds shoulders like a cylinder and meets the outline edge-on.
    """

    def __init__(self, portrait: Portrait, alpha: NDArray[np.float32], oval: Floats) -> None:
        head, unit = portrait.head, portrait.head.scale
        self._cell = _CELL * unit
        size = [max(4, int(np.ceil(side / self._cell)) + 1) for side in alpha.shape[1::-1]]
        small = cv2.resize(alpha, size, interpolation=cv2.INTER_AREA)
        self._back = float(head.place(np.array([0.0, 0.3, _BACK]))[2])
        inside = small > _RIM[0]
        fixed, height = ~inside, np.zeros(small.shape)
        places = np.round(oval[:, :2] / self._cell).astype(int)
        dense = np.concatenate([np.linspace(a, b, 6) for a, b in zip(oval, np.roll(oval, -1, axis=0), strict=True)])
        cells = np.round(dense[:, :2] / self._cell).astype(int).clip(0, np.array(size) - 1)
        face = np.zeros(small.shape, np.uint8)
        cv2.fillPoly(face, [places.astype(np.int32)], 1)
        middle = self._back - oval[:, 2].mean()
        height[face > 0], fixed[face > 0] = max(middle, 0.0), True
        height[cells[:, 1], cells[:, 0]] = np.maximum(self._back - dense[:, 2], 0.02 * unit)
        fixed[cells[:, 1], cells[:, 0]] = True
        chin = oval[[*FACE_OVAL].index(CHIN), 1]
        for y, z in _NECK:
            for x in (-0.25, 0.0, 0.25):
                at = head.place(np.array([x, y, z - 0.25 * abs(x)]))
                column, row = np.round(at[:2] / self._cell).astype(int)
                far = row * self._cell > chin + 0.15 * unit
                if far and 0 <= row < size[1] and 0 <= column < size[0] and inside[row, column]:
                    height[row, column], fixed[row, column] = max(self._back - at[2], 0.0), True
        source = np.where(inside, _BULGE * self._cell**2, 0.0)
        self._height = np.sqrt(np.maximum(_solve(height**2, fixed, source), 0))

    def at(self, plane: Floats) -> Floats:
        """(n,) depth at places (n, 2)."""
        where = (plane / self._cell).astype(np.float32)[None]
        height = cv2.remap(
            self._height.astype(np.float32), where, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        return np.asarray(self._back - height[0], np.float64)


def _solve(values: Floats, fixed: NDArray[np.bool_], source: Floats) -> Floats:
    """Poisson's equation on the grid, ``values`` where ``fixed``: Jacobi's sweeps, from coarse to fine."""
    current = values[::8, ::8]
    for step in (8, 4, 2, 1):
        given, held = values[::step, ::step], fixed[::step, ::step]
        size = given.shape[::-1]
        current = np.where(held, given, cv2.resize(current, size, interpolation=cv2.INTER_LINEAR))
        for _ in range(_SWEEPS):
            padded = np.pad(current, 1, mode="edge")
            around = padded[:-2, 1:-1] + padded[2:, 1:-1] + padded[1:-1, :-2] + padded[1:-1, 2:]
            current = np.where(held, given, (around + source[::step, ::step] * step**2) / 4)
    return current


def _outline(alpha: NDArray[np.float32], level: float, spacing: float) -> Floats:
    """(n, 2) the person's outline in even steps."""
    padded = np.pad((alpha > level).astype(np.uint8), 1)
    contours, _ = cv2.findContours(padded, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    line = max(contours, key=cv2.contourArea)[:, 0].astype(np.float64) - 1
    closed = np.concatenate([line, line[:1]])
    length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(closed, axis=0), axis=1))])
    smooth = max(1, int(spacing / 3))
    kernel = np.ones(2 * smooth + 1) / (2 * smooth + 1)
    wrapped = np.concatenate([line[-smooth:], line, line[:smooth]])
    line = np.stack([np.convolve(wrapped[:, axis], kernel, "valid") for axis in (0, 1)], 1)
    steps = np.linspace(0, length[-1], max(12, int(length[-1] / spacing)), endpoint=False)
    closed = np.concatenate([line, line[:1]])
    return np.stack([np.interp(steps, length, closed[:, axis]) for axis in (0, 1)], 1)


def _outwards(line: Floats, alpha: NDArray[np.float32], unit: float) -> Floats:
    """(n, 2) the outer line of the rim: where the alpha has all but vanished."""
    along = np.roll(line, -1, axis=0) - np.roll(line, 1, axis=0)
    normal = np.stack([along[:, 1], -along[:, 0]], 1)
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)
    area = np.sum(line[:, 0] * np.roll(line[:, 1], -1) - np.roll(line[:, 0], -1) * line[:, 1])
    normal *= np.sign(area)
    steps = np.linspace(_RIM_WIDTH, 4 * _RIM_WIDTH, 7) * unit
    places = (line[:, None] + normal[:, None] * steps[None, :, None]).astype(np.float32)
    found = cv2.remap(alpha, places, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    gone = found < _RIM[1]
    first = np.where(gone.any(1), gone.argmax(1), 0)
    width = np.median(np.stack([np.roll(steps[first], shift) for shift in (-2, -1, 0, 1, 2)]), axis=0)
    return line + normal * width[:, None]


def _grid(alpha: NDArray[np.float32], oval: Floats, line: Floats, unit: float) -> Floats:
    """(n, 2) places of a triangular grid in the person, away from the face and from the outline."""
    spacing = _SPACING * unit
    rows = np.arange(0, alpha.shape[0], spacing * 0.866)
    columns = np.arange(0, alpha.shape[1], spacing)
    x, y = np.meshgrid(columns, rows)
    x[1::2] += spacing / 2
    places = np.stack([x.ravel(), y.ravel()], 1)
    whole = np.round(places).astype(int)
    inside = alpha[whole[:, 1].clip(0, alpha.shape[0] - 1), whole[:, 0].clip(0, alpha.shape[1] - 1)] > _RIM[0]
    face, person = (shape[:, :2].astype(np.float32).reshape(-1, 1, 2) for shape in (oval, line))
    away = [
        cv2.pointPolygonTest(face, (float(x), float(y)), True) < -0.55 * spacing
        and cv2.pointPolygonTest(person, (float(x), float(y)), True) > 0.5 * spacing
        for x, y in places
    ]
    return np.asarray(places[inside & np.array(away)])


def _triangles(oval: Floats, plane: Floats, inside: int, ring: int) -> NDArray[np.intp]:
    """The triangles between face and outline, and those of the rim."""
    start = len(oval) + inside
    within = delaunay(np.concatenate([oval, plane[: inside + ring]]))
    corners = np.concatenate([oval, plane])[within]
    middle = corners.mean(1)
    face = oval.astype(np.float32).reshape(-1, 1, 2)
    person = plane[inside : inside + ring].astype(np.float32).reshape(-1, 1, 2)
    keep = [
        not (triangle < len(oval)).all()
        and cv2.pointPolygonTest(person, (float(x), float(y)), False) >= 0
        and not (cv2.pointPolygonTest(face, (float(x), float(y)), True) > 1)
        for triangle, (x, y) in zip(within, middle, strict=True)
    ]
    first = np.arange(ring)
    following = np.roll(first, -1)
    rim = np.concatenate(
        [
            np.stack([start + first, start + following, start + ring + first], 1),
            np.stack([start + following, start + ring + following, start + ring + first], 1),
        ]
    )
    return np.concatenate([within[np.array(keep)], clockwise(rim, np.concatenate([oval, plane]))])
