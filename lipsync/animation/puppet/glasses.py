"""Tells glasses from the picture: their rims are thin lines, their bridge crosses the nose where skin is smooth.

A line is what is darker or brighter than its surroundings above and below. The strongest path of such pixels from
left to right is found by dynamic programming, over the nose between the eyes and below each eye. Bags and folds below
the eyes make lines too, but not on the nose: the two are added.

Measured on portraits of people who do not exist (random-face 2021.7.21.1). Those with the seeds 101-116 and 201-296
and the three built-in avatars, by which the thresholds were chosen: 15 of 15 pairs of clear glasses (thin, thick,
half-rimmed), 3 of 3 pairs of sunglasses, none of 90 bare faces. Seeds 117-180, looked at when all was settled: 7 of 8
pairs of clear glasses (not on a head that is turned far, of whose lens only the edge is seen), none of 56 bare faces.
"""

from __future__ import annotations

from enum import IntEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync.animation.puppet.curves import luma
from lipsync.animation.puppet.eye_cover import view_eye, warp_part
from lipsync.face.topology import EYE_CORNERS, EYE_CORNERS_OUTER, LOWER_LIDS

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]


class Glasses(IntEnum):
    """What lies before the eyes."""

    NONE = 0
    CLEAR = 1
    """The eyes are seen through them."""
    DARK = 2
    """The eyes are not seen: they neither blink nor look anywhere."""


MIN_CLEAR = 0.23
"""Strength of lines above which they are rims. Faces without glasses have at most 0.18, with them at least 0.29."""
MIN_DARK_RIMS = 0.18
"""Strength of lines that dark glasses have at least: their lower rims do not stand out, 0.22-0.44 were measured."""
MAX_DARK_SKIN = 0.42
"""Brightness just below both eyes relative to the cheek under dark glasses: 0.13-0.34; without at least 0.48."""
_PIXELS = 160
"""Pixels to the distance of the outer eye corners at which is looked."""
_WIDTH, _ABOVE, _BELOW = 1.5, 0.35, 0.60
"""The rectangle that is looked at, in distances of the outer eye corners."""
_LINE = 13
"""Rows, at that scale, within which a line has skin on both sides."""
_MAX_RESPONSE = 0.35
"""A stronger line counts as this one: a short shadow must not stand for a rim."""
_BRIGHT = 0.7
"""Weight of bright lines: light lies on noses too."""


def detect_glasses(picture: Bytes, points: NDArray[np.floating]) -> Glasses:
    """Look for rims and dark lenses.

    ``picture`` (H, W, 3) RGB, ``points`` (468, 2) landmarks in pixels.
    """
    bridge, lower = measure_rims(picture, points)
    if bridge + 0.5 * sum(lower) / 2 > MIN_DARK_RIMS:
        views = [view_eye(picture, points, eye) for eye in (0, 1)]
        if all(view.skin < MAX_DARK_SKIN for view in views) and any(view.is_covered for view in views):
            return Glasses.DARK
    return Glasses.CLEAR if bridge + 0.5 * min(lower) > MIN_CLEAR else Glasses.NONE


def measure_rims(picture: Bytes, points: NDArray[np.floating]) -> tuple[float, tuple[float, float]]:
    """Mean strength, 0 to 0.35, of the strongest line across the nose and of those below both eyes."""
    seen, corners, lids = _straightened(picture, points)
    local = np.maximum(cv2.GaussianBlur(seen, (0, 0), 0.08 * _PIXELS), 12)
    kernel = np.ones((_LINE, 1), np.uint8)
    dark = cv2.morphologyEx(seen, cv2.MORPH_BLACKHAT, kernel)
    bright = cv2.morphologyEx(seen, cv2.MORPH_TOPHAT, kernel)
    response = np.minimum(np.maximum(dark, _BRIGHT * bright) / local, _MAX_RESPONSE)
    inner_right, inner_left = float(corners[1, 0]), float(corners[2, 0])
    inset = 0.18 * (inner_left - inner_right)
    level = _ABOVE * _PIXELS
    bridge = _strongest_line(
        response, (inner_right + inset, inner_left - inset), (level - 0.10 * _PIXELS, level + 0.16 * _PIXELS)
    )
    lower = []
    for lid in lids:
        bottom = float(lid[:, 1].max())
        columns = float(lid[:, 0].min()), float(lid[:, 0].max())
        lower.append(_strongest_line(response, columns, (bottom + 0.05 * _PIXELS, bottom + 0.40 * _PIXELS)))
    return bridge, (lower[0], lower[1])


def _straightened(
    picture: Bytes, points: NDArray[np.floating]
) -> tuple[Floats, NDArray[np.float64], list[NDArray[np.float64]]]:
    """Brightness around both eyes with their outer corners level; the eyes' four corners and lower lids in it."""
    right, left = (points[corner].astype(np.float64) for corner in EYE_CORNERS_OUTER)
    distance = max(float(np.linalg.norm(left - right)), 1e-6)
    along = (left - right) / distance
    scale = _PIXELS / distance
    axes = scale * np.stack([along, [-along[1], along[0]]])
    offset = np.array([_WIDTH / 2, _ABOVE]) * _PIXELS - axes @ ((left + right) / 2)
    seen = warp_part(
        picture,
        np.column_stack([axes, offset]),
        (round(_WIDTH * _PIXELS), round((_ABOVE + _BELOW) * _PIXELS)),
        0.4 / scale if scale < 1 else 0.0,
        cv2.INTER_LINEAR if scale < 1 else cv2.INTER_CUBIC,
    )
    brightness = cv2.GaussianBlur(np.asarray(luma(seen.astype(np.float32)), np.float32), (0, 0), 0.7)
    placed = points @ axes.T + offset
    return brightness, placed[list(EYE_CORNERS)], [placed[list(lid)] for lid in LOWER_LIDS]


def _strongest_line(response: Floats, columns: tuple[float, float], rows: tuple[float, float]) -> float:
    """Mean of ``response`` (h, w) along its strongest path through a rectangle, one row up or down a column."""
    height, width = response.shape
    x0, x1 = (int(np.clip(value, 0, width)) for value in columns)
    y0, y1 = (int(np.clip(value, 0, height)) for value in rows)
    if x1 - x0 < 4 or y1 - y0 < 4:
        return 0.0
    part = response[y0:y1, x0:x1]
    total = part[:, 0].copy()
    for column in part.T[1:]:
        padded = np.pad(total, 1, constant_values=-np.inf)
        total = np.max([padded[:-2], padded[1:-1], padded[2:]], axis=0) + column
    return float(total.max()) / (x1 - x0)
