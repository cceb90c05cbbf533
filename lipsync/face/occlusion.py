"""Whether something plain lies over the mouth: a mask, a scarf, a sheet of paper.

The mesh draws lips on a mask as calmly as on skin, so the pixels are asked. Where lips are, there is a dark line
between them and their colour differs from the skin's; a plain cover has neither. Both are measured against the
contrast of the same picture's eyes, which makes a pale, a dark or a blurred picture no worse off.

It errs towards letting through: a hand, a microphone or a pattern is not noticed.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync.face.pose import seen_eye_distance
from lipsync.face.topology import LIPS, LOWER_LIDS, UPPER_LIDS

SIZE = 96
"""Pixels between the eye corners at which is looked; more only bring noise."""

MIN_CONTRAST = 0.30
"""Minimum contrast, as a fraction of the eyes' contrast. 63 portraits, each also blurred, grey, over- and
underexposed, faded, shrunk and badly
compressed: 0.30 and more, and 0.42 where the lips have no colour of their own. Of drawn masks 3 in 4 are below."""

MIN_COLOR = 0.03
"""Difference of the lips' colour from the skin's around them, of the eyes' contrast; drawn masks: under 0.02."""


def mouth_is_covered(picture: NDArray[np.uint8], landmarks: NDArray[np.floating]) -> bool:
    """Whether a plain cover hides the mouth. Picture (H, W, 3) RGB, landmarks (468, 3) in its pixels."""
    points = landmarks[:, :2].astype(np.float64)
    low = np.floor(np.maximum(points.min(axis=0), 0)).astype(int)
    high = np.ceil(np.minimum(points.max(axis=0), picture.shape[1::-1])).astype(int)
    if (high - low < 8).any():
        return False
    face = picture[low[1] : high[1], low[0] : high[0]]
    scale = min(1.0, SIZE / float(seen_eye_distance(points)))
    face = cv2.resize(face, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    points = (points - low) * scale
    reach = float(seen_eye_distance(points))
    lab = cv2.cvtColor(face.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)

    eyes = sum(
        (
            _around(points[[*upper, *lower]], 0.02 * reach, face)
            for upper, lower in zip(UPPER_LIDS, LOWER_LIDS, strict=True)
        ),
        np.zeros(face.shape[:2], bool),
    )
    mouth = _around(points[list(LIPS)], 0.02 * reach, face)
    skin = _around(points[list(LIPS)], 0.14 * reach, face) & ~mouth
    if min(eyes.sum(), mouth.sum(), skin.sum()) < 16:
        return False
    scope = _contrast(lab[eyes, 0])
    color = float(np.linalg.norm(lab[mouth, 1:].mean(axis=0) - lab[skin, 1:].mean(axis=0)))
    return _contrast(lab[mouth, 0]) < MIN_CONTRAST * scope and color < MIN_COLOR * scope


def _around(points: NDArray[np.float64], margin: float, picture: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """(H, W): the hull of the points with a margin, in pixels."""
    mask = np.zeros(picture.shape[:2], np.uint8)
    cv2.fillPoly(mask, [cv2.convexHull(np.round(points).astype(np.int32))], 1)
    side = 2 * max(1, round(margin)) + 1
    grown: NDArray[np.uint8] = cv2.dilate(mask, np.ones((side, side), np.uint8))
    return grown > 0


def _contrast(lightness: NDArray[np.float32]) -> float:
    """Between the brightest and the darkest few pixels, in L* (0-100)."""
    return float(np.quantile(lightness, 0.95) - np.quantile(lightness, 0.03))
