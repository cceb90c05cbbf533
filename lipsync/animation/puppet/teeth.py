"""Procedural tooth arches: drawn in 3D in millimetres, projected with the portrait's pose.

Widths and heights of the teeth are means of adults from Wheeler's Dental Anatomy (central incisor 8.5 mm wide, 10.5
high, and so on), the arches half ellipses.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync.animation.puppet.curves import smoothstep

Floats = NDArray[np.float32]
Project = Callable[[NDArray[np.floating]], NDArray[np.floating]]
"""Millimetres (..., 3) from the middle of the lips (x right, y up, z to the viewer) to pixels (..., 2)."""


@dataclass(frozen=True)
class Arch:
    """One row of teeth, the midline outwards; millimetres."""

    widths: tuple[float, ...]
    heights: tuple[float, ...]
    half_width: float
    depth: float
    front: float
    """z of the incisors, from the lips."""
    edge: float
    """y of the incisors' edge, from the line where the lips meet."""
    curve: float
    """How much the edge rises towards the molars."""
    upper: bool


UPPER_ARCH = Arch((8.4, 6.6, 7.6, 7.0, 6.8, 9.5), (10.2, 8.8, 9.8, 8.2, 7.4, 6.8), 27.0, 36.0, -4.0, -3.4, 1.8, True)
LOWER_ARCH = Arch((5.4, 5.9, 6.8, 7.0, 7.1, 10.0), (8.6, 8.8, 9.8, 8.4, 7.8, 7.0), 24.0, 32.0, -6.5, -3.2, 0.0, False)

_GUM = 3.0
"""Millimetres of gum behind the teeth."""
_LOWER_THAN_FIRST = (0.0, 0.6, -0.15, 0.0, 0.0, 0.0)
"""The upper side incisor ends higher than its neighbours, the canine lower."""


def draw_arch(
    arch: Arch,
    project: Project,
    size: tuple[int, int],
    tooth: Floats,
    gum: Floats,
    finer: int,
) -> Floats:
    """The arch as (height, width, 4) premultiplied RGB and alpha, 0-255 and 0-1, drawn ``finer`` times as large.

    ``size`` is width, height in pixels; ``project`` gives pixels of that rectangle; ``tooth`` and ``gum`` are RGB.
    """
    width, height = size
    picture = np.zeros((height * finer, width * finer, 4), np.float32)
    along = _arc(arch)
    sign = 1.0 if arch.upper else -1.0
    for index in reversed(range(len(arch.widths))):
        near = float(sum(arch.widths[:index]))
        far = near + arch.widths[index]
        for side in (1.0, -1.0):
            _draw_tooth(picture, arch, index, (near, far), side, along, project, tooth, finer)
    alpha = picture[..., 3]
    reach = max(1, round(float(_pixels_per_mm(project) * _GUM * finer)))
    grown = cv2.dilate(alpha, np.ones((2 * reach + 1, max(3, reach)), np.uint8))
    rows = np.flatnonzero(alpha.max(1) > 0.5)
    if len(rows):
        middle = (rows[0] + rows[-1]) / 2
        behind = np.clip(grown - alpha, 0, 1) * ((np.arange(len(alpha)) - middle)[:, None] * sign < 0)
        picture[..., :3] += gum * behind[..., None]
        picture[..., 3] = np.clip(alpha + behind, 0, 1)
    small: Floats = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
    return small


def _draw_tooth(
    picture: Floats,
    arch: Arch,
    index: int,
    span: tuple[float, float],
    side: float,
    along: Callable[[NDArray[np.floating] | float], tuple[NDArray[np.floating], NDArray[np.floating]]],
    project: Project,
    tooth: Floats,
    finer: int,
) -> None:
    """Draw one tooth over those behind it, shaded from edge to gum and towards its sides."""
    near, far = span
    sign = 1.0 if arch.upper else -1.0
    t = np.linspace(-1, 1, 10)
    x, z = along(np.linspace(near + 0.06, far - 0.06, len(t)))
    edge = arch.edge + arch.curve * (x / arch.half_width) ** 2 + sign * 0.9 * np.abs(t) ** 4
    edge = edge + (_LOWER_THAN_FIRST[index] if arch.upper else (0.3 if index == 2 else 0.0))
    flat_edge = float((arch.edge + arch.curve * (x / arch.half_width) ** 2).mean())
    root = edge * 0 + flat_edge + sign * (arch.heights[index] - 0.9 * t**2)
    outline = project(np.concatenate([np.stack([side * x, edge, z], -1), np.stack([side * x, root, z], -1)[::-1]]))
    outline = outline * finer
    height, width = picture.shape[:2]
    x0, y0 = np.clip(np.floor(outline.min(0)) - 1, 0, [width, height]).astype(int)
    x1, y1 = np.clip(np.ceil(outline.max(0)) + 2, 0, [width, height]).astype(int)
    if x1 <= x0 or y1 <= y0:
        return
    mask = np.zeros((y1 - y0, x1 - x0), np.uint8)
    cv2.fillPoly(mask, [np.round((outline - [x0, y0]) * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    alpha = mask.astype(np.float32)[..., None] / 255
    middle_x, middle_z = (float(value) for value in along((near + far) / 2))
    ends = project(
        np.array([[side * middle_x, flat_edge, middle_z], [side * middle_x, flat_edge + sign * 9, middle_z]])
    )
    borders = project(np.array([[side * float(along(q)[0]), flat_edge, float(along(q)[1])] for q in span]))
    rows = (np.arange(y0, y1)[:, None] + 0.5) / finer
    columns = (np.arange(x0, x1)[None] + 0.5) / finer
    up = np.clip((rows - ends[0, 1]) / (ends[1, 1] - ends[0, 1] + 1e-6), 0, 1)
    half = abs(float(borders[1, 0] - borders[0, 0])) / 2 + 1e-3
    off = np.clip(np.abs(columns - ends[0, 0]) / half, 0, 1.1)
    sideways = np.clip(1.06 - 0.75 * (abs(middle_x) / arch.half_width) ** 2.2, 0.12, 1)
    shade = sideways * (1 - 0.22 * up) * (1 - 0.10 * smoothstep(1 - up, 0.75, 1.0)) * (1 - 0.22 * off**4)
    part = picture[y0:y1, x0:x1]
    part[..., :3] = part[..., :3] * (1 - alpha) + tooth * shade[..., None] * alpha
    part[..., 3:] = np.maximum(part[..., 3:], alpha)


def _arc(
    arch: Arch,
) -> Callable[[NDArray[np.floating] | float], tuple[NDArray[np.floating], NDArray[np.floating]]]:
    """x and z of a place on the arch, by its distance from the midline along the arch."""
    t = np.linspace(0, np.pi / 2, 400)
    x, z = arch.half_width * np.sin(t), arch.front - arch.depth * (1 - np.cos(t))
    length = np.r_[0.0, np.cumsum(np.hypot(np.diff(x), np.diff(z)))]

    def at(distance: NDArray[np.floating] | float) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
        return np.asarray(np.interp(distance, length, x)), np.asarray(np.interp(distance, length, z))

    return at


def _pixels_per_mm(project: Project) -> float:
    ends = project(np.array([[0.0, 0.0, 0.0], [0.0, 10.0, 0.0]]))
    return float(np.linalg.norm(ends[1] - ends[0])) / 10
