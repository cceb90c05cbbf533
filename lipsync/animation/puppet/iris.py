"""Finds the iris of an open eye."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

IRIS_RADIUS = 0.067
"""Radius of an adult's iris, in distances of the outer eye corners: 11.7 mm across of 87 mm."""
_RADII = (0.88, 0.98, 1.08)
"""Shares of that radius that are tried."""
_MAX_ASIDE, _MAX_DOWN = 0.30, 0.12
"""Eye widths from the middle of the opening within which the iris is looked for."""


def find_iris(red: Floats, opening: Floats, middle: NDArray[np.float64], radius: float) -> tuple[float, float, float]:
    """x, y and radius, in pixels, of the dark disc in an eye.

    ``red`` (h, w) is the red channel, in which an iris of any colour is darker than the white; ``opening`` (h, w) 0-1
    is 1 between the lids; ``middle`` (2,) of the opening; ``radius`` is the expected one. The disc is where the mean
    darkness within the opening exceeds that of a ring around it the most.
    """
    width = float((opening.max(0) > 0.5).sum())
    # Neither a glint nor the pupil may decide.
    low, high = np.percentile(red[opening > 0.5], [12, 80])
    weighted = np.asarray(opening * (high - np.clip(red, low, high)) * (60 / max(float(high - low), 4.0)), np.float32)
    best = (-np.inf, float(middle[0]), float(middle[1]), radius)
    rows, columns = np.mgrid[: red.shape[0], : red.shape[1]].astype(np.float32)
    aside = (columns - middle[0]) / max(width, 1.0)
    down = (rows - middle[1]) / max(width, 1.0)
    near = (np.abs(aside) < _MAX_ASIDE) & (np.abs(down) < _MAX_DOWN)
    penalty = 8 * np.square(aside / 0.25) + 8 * np.square(down / 0.12)
    for share in _RADII:
        size = share * radius
        inside, ring = _disc(0.95 * size), _disc(1.6 * size)
        hole = _disc(1.05 * size)
        border = (ring.shape[0] - hole.shape[0]) // 2
        ring[border : border + hole.shape[0], border : border + hole.shape[1]] -= hole
        dark_inside, seen_inside = _mean(weighted, opening, inside)
        dark_ring, seen_ring = _mean(weighted, opening, ring)
        score = dark_inside - dark_ring - penalty
        # Most of the disc, and some of the white, must be seen.
        valid = near & (seen_inside > 0.4 * inside.sum()) & (seen_ring > 0.05 * ring.sum())
        if not valid.any():
            continue
        score = np.where(valid, score, -np.inf)
        y, x = np.unravel_index(int(np.argmax(score)), score.shape)
        if score[y, x] > best[0]:
            best = (float(score[y, x]), float(x), float(y), size)
    return best[1:]


def _disc(radius: float) -> Floats:
    reach = int(np.ceil(radius))
    x = np.arange(-reach, reach + 1, dtype=np.float32)
    return np.asarray(np.hypot(x[:, None], x[None]) <= radius, np.float32)


def _mean(weighted: Floats, weight: Floats, kernel: Floats) -> tuple[Floats, Floats]:
    total = cv2.filter2D(weighted, cv2.CV_32F, kernel, borderType=cv2.BORDER_CONSTANT)
    count = cv2.filter2D(weight, cv2.CV_32F, kernel, borderType=cv2.BORDER_CONSTANT)
    return total / np.maximum(count, 1e-3), count
