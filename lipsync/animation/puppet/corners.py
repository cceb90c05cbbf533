"""Where the opening of the mouth ends to the sides: the corners, which the mesh often puts too far inside.

What is left of the dark or of teeth outside of the cut would be a dot beside a mouth that opens or shuts.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync.animation.puppet.contour import crop_around
from lipsync.animation.puppet.curves import luma, sample
from lipsync.face.topology import LOWER_LIP, UPPER_LIP

MAX_SHIFT = 0.10
"""A corner is moved outwards by at most this, in eye distances."""
_OPEN_SHIFT = 0.02
"""By this, in eye distances, corners of open mouths are moved in any case. On 7 laughs it took away the teeth beside
the opening on two, and was not seen on the others."""
_DARK = 0.62
"""Brightness of a dark corner against the skin above and below it."""
_PALE = 0.45
"""Redness (CIELAB a*) of teeth against the skin above and below them."""
_MIN_REDNESS = 8.0
"""Redness of skin below which it says nothing."""
_STEPS = 31
_RING_SHARES = (0.45, 0.65, 0.85, 1.0)
"""How much of a corner's shift each ring of the lips makes, outermost first."""


def move_corners(
    picture: NDArray[np.uint8],
    points: NDArray[np.float64],
    along: NDArray[np.float64],
    down: NDArray[np.float64],
    eye_distance: float,
) -> None:
    """Move the corners of the lips' rings in ``points`` (468, 2) outwards to where the mouth's inside ends.

    ``picture`` (H, W, 3) RGB; ``along`` and ``down`` (2,) unit vectors of the mouth; ``eye_distance`` in pixels.
    """
    for end, outwards in ((0, -along), (-1, along)):
        _shift_corner(points, end, _dark_reach(picture, points[UPPER_LIP[3][end]], outwards, down, eye_distance))


def extend_corners(points: NDArray[np.float64], along: NDArray[np.float64], eye_distance: float) -> None:
    """Move the corners of an open mouth in ``points`` (468, 2) a little further outwards.

    The last teeth stand in the shade, or are as red as the lip that they mirror: their end is not always found.
    """
    for end, outwards in ((0, -along), (-1, along)):
        _shift_corner(points, end, _OPEN_SHIFT * eye_distance * outwards)


def _shift_corner(points: NDArray[np.float64], end: int, shift: NDArray[np.float64]) -> None:
    for share, ring in zip(_RING_SHARES, UPPER_LIP, strict=True):
        points[ring[end]] += shift * share
    # The neighbours follow, so that the contours stay evenly sampled.
    near = 1 if end == 0 else -2
    for ring in (UPPER_LIP[3], LOWER_LIP[3]):
        points[ring[near]] += shift * 0.4


def _dark_reach(
    picture: NDArray[np.uint8],
    corner: NDArray[np.float64],
    outwards: NDArray[np.float64],
    down: NDArray[np.float64],
    eye_distance: float,
) -> NDArray[np.float64]:
    """(2,) pixels from the mesh's corner to the end of the dark or the teeth that begin there."""
    steps = np.linspace(0, MAX_SHIFT, _STEPS) * eye_distance
    offsets = np.linspace(-0.06, 0.06, 49) * eye_distance
    places = corner + steps[:, None, None] * outwards + offsets[None, :, None] * down
    crop, origin = crop_around(picture, places.reshape(-1, 2), 0.02 * eye_distance)
    soft = cv2.GaussianBlur(crop, (0, 0), max(0.5, 0.005 * eye_distance))
    values = sample(soft, places - origin)
    lab = cv2.cvtColor(np.clip(values, 0, 255).astype(np.uint8), cv2.COLOR_RGB2LAB).astype(np.float32)
    brightness, redness = luma(values), lab[..., 1] - 128
    skin, skin_redness = (
        np.minimum(np.median(amount[:, :10], axis=1), np.median(amount[:, -10:], axis=1))[:, None]
        for amount in (brightness, redness)
    )
    inside = brightness < _DARK * skin
    inside |= (redness < _PALE * skin_redness) & (skin_redness > _MIN_REDNESS) & (brightness > 0.5 * skin)
    inside[:, :8] = inside[:, -8:] = False
    dark = inside.sum(1) >= 2
    path = np.round((inside * np.arange(len(offsets))).sum(1) / np.maximum(inside.sum(1), 1)).astype(int)
    # The first steps may lie on a tooth or on the lip: the dark has to begin near the corner, not at it.
    reached = 0
    for step in np.flatnonzero(dark):
        if step - reached > 5:
            break
        reached = int(step)
    if reached == 0:
        return np.zeros(2)
    return np.asarray(steps[reached] * outwards + offsets[path[reached]] * down)
