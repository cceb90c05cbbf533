"""What light does to a cheek that a smile raises: the fold from nose to mouth, the full cheek above it, the corner.

A warp alone moves the corners of the mouth over a flat face. The shading is painted into the portrait before it is
warped, so it goes with the skin; it scales the skin's own brightness and keeps its colour.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync.animation.puppet.curves import resample, smoothstep
from lipsync.video.frame import Area, Frame

Floats = NDArray[np.float32]

_FOLDS = (
    ((129, 129, 0.0), (203, 98, 0.25), (206, 165, 0.35), (216, 186, 0.40), (212, 57, 0.45)),
    ((358, 358, 0.0), (423, 327, 0.25), (426, 391, 0.35), (436, 410, 0.40), (432, 287, 0.45)),
)
"""The nasolabial fold of the right and the left cheek, from the nose down: each point lies the given share of the way
from the first landmark to the second."""
_CORNERS = (61, 291)
_CHEEKS = ((50, 205), (280, 425))
"""The cheek's fullest place is midway between these landmarks."""

_FOLD_DEPTH = 0.20
"""Share of its brightness that the skin loses in the fold of a full smile; a deep fold of a photographed laugh loses
0.3."""
_CHEEK_LIGHT = 0.055
"""Share that it gains where the cheek is fullest."""
_CORNER_DEPTH = 0.09
_FINEST = 100.0
"""Computed places in an eye distance, at least."""
_LEVELS = 400.0
"""Stored levels in a factor of 1: 8 bits hold up to 0.32."""
_MIN_LEVELS = 3
"""Weaker shading at the rectangle's border is left out: less than two levels of brightness in the brightest skin."""
_MIN_STRENGTH = 0.02
"""A smile weaker than this is not shaded."""
_LUMA_FLOOR = 16
"""Black in video."""


@dataclass(frozen=True)
class SmileFold:
    """Shading of one cheek in a full smile, over a rectangle of the portrait."""

    left: int
    """Pixels of the portrait."""
    top: int
    shade: NDArray[np.int8]
    """(h, w) change of brightness, in 400ths of it."""

    @property
    def area(self) -> Area:
        """Rows and columns of the rectangle in the portrait."""
        height, width = self.shade.shape
        return slice(self.top, self.top + height), slice(self.left, self.left + width)


def plan_smile_folds(
    points: NDArray[np.float64], size: tuple[int, int], eye_distance: float, softness: float
) -> tuple[SmileFold, ...]:
    """The shading of the right and the left cheek.

    ``points`` (468, 2) landmarks, pixels; ``size`` width and height of the portrait; ``softness`` the blur
    in pixels that makes drawn things as soft as the portrait.
    """
    return tuple(
        fold for side in (0, 1) if (fold := _plan_side(points, size, eye_distance, softness, side)) is not None
    )


def _plan_side(
    points: NDArray[np.float64], size: tuple[int, int], eye_distance: float, softness: float, side: int
) -> SmileFold | None:
    unit = eye_distance
    line = resample(np.stack([points[a] * (1 - share) + points[b] * share for a, b, share in _FOLDS[side]]), 25)
    cheek = points[list(_CHEEKS[side])].mean(0)
    corner = points[_CORNERS[side]]
    around = np.concatenate([line, [cheek, corner]])
    left, top = np.maximum(np.floor(around.min(0) - 0.30 * unit), 0).astype(int)
    right, bottom = np.minimum(np.ceil(around.max(0) + 0.20 * unit), size).astype(int)
    # Shading is smooth: of a large face every few pixels are computed.
    step = max(1, int(unit / _FINEST))
    columns, rows = int(right - left) // step, int(bottom - top) // step
    if columns < 4 or rows < 4:
        return None
    x, y = (first + (step - 1) / 2 + step * np.arange(count) for first, count in ((left, columns), (top, rows)))
    x, y = np.meshgrid(x.astype(np.float32), y.astype(np.float32))
    across, place = _fold_axes(line, x, y, cheek)
    # Sharp towards the lip, where the cheek lies over it; soft towards the cheek.
    sharp, soft = (float(np.hypot(width * unit, softness)) for width in (0.016, 0.044))
    depth = np.exp(-((across / np.where(across > 0, soft, sharp)) ** 2))
    ends = smoothstep(place, -0.05, 0.45) * (1 - smoothstep(place, 0.72, 1.05))
    shade = -_FOLD_DEPTH * depth * ends
    bulge = np.exp(-(((across - 0.13 * unit) / (0.075 * unit)) ** 2)) * smoothstep(place, -0.2, 0.4)
    shade += 0.6 * _CHEEK_LIGHT * bulge * (1 - smoothstep(place, 0.6, 1.0))
    fullest = ((x - cheek[0]) ** 2 + (1.5 * (y - cheek[1])) ** 2) / (0.20 * unit) ** 2
    shade += _CHEEK_LIGHT * np.exp(-fullest)
    outwards = -1.0 if side == 0 else 1.0
    dimple = ((x - corner[0] - outwards * 0.035 * unit) / 0.025) ** 2 + ((y - corner[1]) / 0.05) ** 2
    shade -= _CORNER_DEPTH * np.exp(-dimple / unit**2)
    border = np.minimum(np.minimum(x - left, right - 1 - x), np.minimum(y - top, bottom - 1 - y))
    shade *= smoothstep(border, step, 0.08 * unit)
    shade = cv2.resize(shade.astype(np.float32), (columns * step, rows * step), interpolation=cv2.INTER_LINEAR)
    levels = np.round(np.clip(shade, -0.31, 0.31) * _LEVELS).astype(np.int8)
    shaded_y, shaded_x = np.nonzero(np.abs(levels.astype(np.int16)) >= _MIN_LEVELS)
    if not len(shaded_y):
        return None
    y0, x0 = shaded_y.min(), shaded_x.min()
    return SmileFold(int(left + x0), int(top + y0), levels[y0 : shaded_y.max() + 1, x0 : shaded_x.max() + 1].copy())


def _fold_axes(line: NDArray[np.float64], x: Floats, y: Floats, cheek: NDArray[np.float64]) -> tuple[Floats, Floats]:
    """(h, w) distance from the fold in pixels, positive on the cheek's side, and place along it from 0 to 1."""
    nearest = np.full(x.shape, np.inf, np.float32)
    across, place = np.zeros_like(x), np.zeros_like(x)
    last = len(line) - 2
    for k, (start, end) in enumerate(pairwise(line)):
        along = (end - start).astype(np.float32)
        length = float(np.hypot(*along)) + 1e-6
        along /= length
        at = ((x - start[0]) * along[0] + (y - start[1]) * along[1]) / length
        # The first and the last piece go on beyond the ends of the line.
        within = np.clip(at, -8.0 if k == 0 else 0.0, 8.0 if k == last else 1.0)
        off_x, off_y = x - start[0] - within * length * along[0], y - start[1] - within * length * along[1]
        distance = np.hypot(off_x, off_y)
        normal = np.array([-along[1], along[0]], np.float32)
        side = np.sign((cheek - start) @ normal)
        closer = distance < nearest
        nearest = np.where(closer, distance, nearest)
        across = np.where(closer, distance * np.sign((off_x * normal[0] + off_y * normal[1]) * side), across)
        place = np.where(closer, (k + within) / (last + 1), place)
    return np.asarray(across, np.float32), np.asarray(place, np.float32)


def is_shaded(strengths: Floats) -> bool:
    """Whether :func:`shade_smile` changes anything."""
    return float(strengths.max()) >= _MIN_STRENGTH


def shade_smile(source: Frame, folds: tuple[SmileFold, ...], strengths: Floats) -> list[Area]:
    """Shade the cheeks in ``source``, the portrait, in place; returns the areas of its luma that have changed.

    ``strengths`` (2,) 0-1: how much the right and the left side smile beyond what the portrait does by itself.
    """
    changed: list[Area] = []
    for fold, strength in zip(folds, strengths, strict=False):
        if strength < _MIN_STRENGTH:
            continue
        area = fold.area
        luma = source.y[area].astype(np.float32)
        luma += (luma - _LUMA_FLOOR) * (fold.shade * np.float32(strength / _LEVELS))
        source.y[area] = np.clip(np.round(luma), 16, 235).astype(np.uint8)
        changed.append(area)
    return changed
