"""Finds the rims of glasses beside an eye."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync.animation.puppet.curves import luma

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

MIN_CONTRAST, MIN_LENGTH = 0.14, 0.35
"""Contrast relative to the surroundings, and length in eye widths, of lines that are rims where glasses are worn."""
MIN_TRACE_MEAN, MIN_TRACE_LOW = 0.25, 0.17
"""Contrast along a line that is a rim passing above the eye: mean, and 12th percentile. Of 22 such rims all but
one have at least 0.29 and 0.22; other lines behind glasses, mostly folds of lids, have at most 0.32 and 0.10."""
_MAX_TRACE = 0.40
"""A stronger contrast counts as this one."""
_THICKNESS, _RUN = 0.13, 0.24
"""Eye widths: rims are narrower, and straight over this length."""
_PASSING = 0.13
"""Eye widths beyond a corner that a rim reaches and the fold of a lid does not."""
_ANGLES_DEG = (-60, -30, -12, 0, 12, 30, 60, 90)


def find_thin_rims(picture: Floats, eye_width: float, place: Mask, beyond: Floats) -> Mask:
    """(h, w) narrow long lines, dark or bright, within ``place`` (h, w); ``picture`` (h, w, 3) RGB float32.

    ``beyond`` (w,) is the distance of each column from the nearer corner, eye widths.
    """
    brightness = np.asarray(luma(picture), np.float32)
    soft = cv2.GaussianBlur(brightness, (0, 0), max(0.3, 0.006 * eye_width))
    local = np.maximum(cv2.GaussianBlur(brightness, (0, 0), 0.1 * eye_width), 20)
    side = int(_THICKNESS * eye_width) | 1
    found = np.zeros(brightness.shape, bool)
    for kind in (cv2.MORPH_BLACKHAT, cv2.MORPH_TOPHAT):
        contrast = cv2.morphologyEx(soft, kind, np.ones((side, side), np.uint8)) / local
        lines = ((contrast > MIN_CONTRAST) & place).astype(np.uint8)
        long = np.zeros_like(lines)
        for angle in _ANGLES_DEG:
            long |= cv2.morphologyEx(lines, cv2.MORPH_OPEN, _line_kernel(int(_RUN * eye_width) | 1, angle))
        grown = cv2.dilate(long, np.ones((3, 3), np.uint8))
        _, labels, statistics, _ = cv2.connectedComponentsWithStats(grown)
        is_long = statistics[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(1) > MIN_LENGTH * eye_width
        # The fold of a lid is a long line, too; it ends at the corners.
        passing = np.zeros(len(is_long), bool)
        passing[np.unique(labels[:, beyond > _PASSING])] = True
        is_long &= passing
        is_long[0] = False
        found |= is_long[labels]
    return found


def trace_upper_rim(picture: Floats, eye_width: float, place: Mask) -> Mask:
    """(h, w) the rim that passes above an eye from one side of it to the other; empty where none does.

    The strongest dark line through ``place`` (h, w), whose columns are those that it must pass, by dynamic
    programming: a rim that runs along the lashes cannot be told from them by its shape.
    """
    brightness = np.asarray(luma(picture), np.float32)
    soft = cv2.GaussianBlur(brightness, (0, 0), max(0.3, 0.006 * eye_width))
    local = np.maximum(cv2.GaussianBlur(brightness, (0, 0), 0.1 * eye_width), 20)
    kernel = np.ones((int(_THICKNESS * eye_width) | 1, 1), np.uint8)
    contrast = np.minimum(cv2.morphologyEx(soft, cv2.MORPH_BLACKHAT, kernel) / local, _MAX_TRACE)
    columns = np.flatnonzero(place.any(0))
    rim = np.zeros(place.shape, bool)
    if len(columns) < 3:
        return rim
    score = np.where(place, contrast, -1.0)[:, columns]
    total, steps = score[:, 0], []
    for column in score.T[1:]:
        padded = np.pad(total, 1, constant_values=-np.inf)
        around = np.stack([padded[:-2], padded[1:-1], padded[2:]])
        steps.append(around.argmax(0) - 1)
        total = around.max(0) + column
    rows = [int(total.argmax())]
    for step in reversed(steps):
        rows.append(rows[-1] + int(step[rows[-1]]))
    path = np.array(rows[::-1])
    along = score[path, np.arange(len(path))]
    if along.mean() < MIN_TRACE_MEAN or np.percentile(along, 12) < MIN_TRACE_LOW:
        return rim
    reach = int(0.5 * _THICKNESS * eye_width)
    near = np.abs(np.arange(len(rim))[:, None] - path) <= reach
    rim[:, columns] = near & (contrast[:, columns] > 0.1)
    return np.asarray(cv2.dilate(rim.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0)


def touching_border(mask: Mask) -> Mask:
    """The connected parts of ``mask`` (h, w) that reach its border."""
    _, labels = cv2.connectedComponents(mask.astype(np.uint8))
    table = np.zeros(int(labels.max()) + 1, bool)
    for side in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        table[side] = True
    table[0] = False
    return np.asarray(table[labels])


def _line_kernel(length: int, angle_deg: float) -> NDArray[np.uint8]:
    kernel = np.zeros((length, length), np.uint8)
    middle = (length - 1) / 2
    reach = middle * np.array([np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))])
    begin, end = (np.rint(middle + sign * reach).astype(int).tolist() for sign in (-1, 1))
    cv2.line(kernel, begin, end, 1)
    return kernel
