"""The eyes of a portrait: patches of eyeballs behind the lids, textured with what the picture shows of them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync.animation.behavior.eye_look import ACROSS, UP_DOWN
from lipsync.animation.head_model.portrait_face import PortraitFace, skin_depth
from lipsync.animation.head_model.triangulation import clockwise
from lipsync.face.topology import LOWER_LIDS, UPPER_LIDS

Floats = NDArray[np.float64]

RADIUS = 0.135
"""Radius of an eyeball, in eye distances: 12 of 90 mm."""
_BEHIND = 0.028
"""Eye distances from the lids to the eyeball behind them: a lid that shuts does not touch it."""
_ROUNDNESS = 0.40
"""Radius in eye distances of the patch where it goes on behind the lids."""
_ACROSS_SIDE, _DOWN_SIDE = 0.9, 0.6
"""Half sides of the patch in widths of the eye: what may be seen when it turns."""
_COLUMNS, _ROWS = 13, 9
_LID_SHADE = 0.82
"""Brightness of the white that the lids cover."""


@dataclass(frozen=True)
class PortraitEye:
    """One eye. Places in pixels of the portrait: x right, y down, z away from the viewer."""

    points: Floats
    """(n, 3)."""
    texture_coordinates: Floats
    """(n, 2) in ``texture``."""
    triangles: NDArray[np.intp]
    targets: dict[str, Floats]
    """(n, 3) the turns of the eye."""
    center: tuple[float, float, float]
    """About which the eyeball turns."""
    texture: NDArray[np.uint8]
    """(h, w, 3) RGB."""


def portrait_eye(
    picture: NDArray[np.uint8],
    face: PortraitFace,
    unit: float,
    iris: tuple[Floats, float],
    side: int,
) -> PortraitEye:
    """The eye ``side`` of UPPER_LIDS. ``unit``: pixels in an eye distance; ``iris``: centre (2,) and radius in
    pixels."""
    rest = face.rest
    ring = rest[[*UPPER_LIDS[side], *LOWER_LIDS[side][1:-1]]]
    corners = rest[[UPPER_LIDS[side][0], UPPER_LIDS[side][-1]]]
    width = float(np.linalg.norm(corners[1, :2] - corners[0, :2]))
    middle = ring[:, :2].mean(0)
    across, down = np.meshgrid(
        np.linspace(-_ACROSS_SIDE, _ACROSS_SIDE, _COLUMNS) * width,
        np.linspace(-_DOWN_SIDE, _DOWN_SIDE, _ROWS) * width,
    )
    plane = middle + np.stack([across.ravel(), down.ravel()], 1)
    round_back = np.square(plane - middle).sum(1) / (2 * _ROUNDNESS * unit)
    points = np.column_stack([plane, _depth(ring, middle, plane) + _BEHIND * unit + round_back])
    points[:, 2] = np.maximum(points[:, 2], skin_depth(face, points) + _BEHIND * unit)
    low, high = plane.min(0), plane.max(0)
    cells = np.arange(_COLUMNS * _ROWS).reshape(_ROWS, _COLUMNS)
    a, b, c, d = (part.ravel() for part in (cells[:-1, :-1], cells[:-1, 1:], cells[1:, 1:], cells[1:, :-1]))
    triangles = clockwise(np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)]), plane)
    front = float(_depth(ring, middle, middle[None])[0]) + _BEHIND * unit
    center = np.array([*middle, front + RADIUS * unit])
    return PortraitEye(
        points,
        (plane - low) / (high - low),
        triangles,
        _turns(ring, middle, plane, RADIUS * unit, side),
        (float(center[0]), float(center[1]), float(center[2])),
        _paint(picture, ring[:, :2], iris, low, high),
    )


def _depth(ring: Floats, middle: Floats, plane: Floats) -> Floats:
    """(n,) depth at ``plane`` (n, 2) of the smooth surface on which the edges of the lids lie."""

    def terms(places: Floats) -> Floats:
        x, y = (places - middle).T
        return np.stack([np.ones_like(x), x, y, x * x], 1)

    factors = np.linalg.lstsq(terms(ring[:, :2]), ring[:, 2], rcond=None)[0]
    return np.asarray(terms(plane) @ factors)


def _turns(ring: Floats, middle: Floats, plane: Floats, radius: float, side: int) -> dict[str, Floats]:
    """(n, 3) what the units eyeLook… of one eye at 1 add: the patch slides behind the lids as far as the front of an
    eyeball of ``radius`` pixels turns. Left is at the picture's right."""
    name, outwards = (("Right", -1.0), ("Left", 1.0))[side]
    across, along = radius * np.sin(np.radians([ACROSS, UP_DOWN]))
    ways = {
        "Out": (outwards * across, 0.0),
        "In": (-outwards * across, 0.0),
        "Up": (0.0, -along),
        "Down": (0.0, along),
    }
    moved = {}
    for unit, way in ways.items():
        deeper = _depth(ring, middle, plane + np.array(way)) - _depth(ring, middle, plane)
        moved[f"eyeLook{unit}{name}"] = np.column_stack([np.tile(way, (len(plane), 1)), deeper])
    return moved


def _paint(
    picture: NDArray[np.uint8], ring: Floats, iris: tuple[Floats, float], low: Floats, high: Floats
) -> NDArray[np.uint8]:
    """The picture of the eye without the lids: what they hide is continued with the white and the iris' disc."""
    size = np.maximum(np.ceil(high - low).astype(int), 8)
    scale = max(1.0, 96 / float(size[0]))
    width, height = (int(side * scale) for side in size)
    matrix = np.array([[1 / scale, 0, low[0]], [0, 1 / scale, low[1]]], np.float32)
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    cut = cv2.warpAffine(picture, matrix, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    edge = len(UPPER_LIDS[0])
    order = [*range(edge), *range(len(ring) - 1, edge - 1, -1)]
    polygon = ((ring[order] - low) * scale).astype(np.float32)
    seen = np.zeros((height, width), np.uint8)
    cv2.fillPoly(seen, [np.round(polygon).astype(np.int32)], 1)
    inner = cv2.erode(seen, np.ones((3, 3), np.uint8), iterations=max(1, round(0.02 * width)))
    center, radius = (iris[0] - low) * scale, iris[1] * scale
    x, y = np.meshgrid(np.arange(width) - center[0], np.arange(height) - center[1])
    distance = np.hypot(x, y)
    colours = cut.astype(np.float32)
    white_seen = (inner > 0) & (distance > 1.15 * radius)
    white = np.median(colours[white_seen], axis=0) if white_seen.sum() > 8 else colours[inner > 0].mean(0)
    hidden = np.broadcast_to(white * _LID_SHADE, colours.shape).copy()
    # the rings of the iris where they are hidden, from where they are seen
    steps = np.clip(distance / max(radius, 1) * 12, 0, 11).astype(int)
    known = (inner > 0) & (distance <= radius)
    for step in range(12):
        some = known & (steps == step)
        disc = (steps == step) & (distance <= radius)
        source = colours[some] if some.any() else colours[known] if known.any() else white[None]
        hidden[disc] = np.median(source, axis=0)
    soft = cv2.GaussianBlur(inner.astype(np.float32), (0, 0), max(0.8, 0.012 * width))[..., None]
    soft = np.minimum(soft * 1.2, 1)
    # at rest the edge of the lids covers where both meet
    hidden = cv2.GaussianBlur(hidden, (0, 0), max(0.6, 0.01 * width))
    shown = np.where(seen[..., None] > 0, np.maximum(soft, 0.75), soft)
    return np.asarray(np.clip(colours * shown + hidden * (1 - shown), 0, 255), np.uint8)
