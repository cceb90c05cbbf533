"""Whether lips that the mesh takes for shut are parted in the picture, and where: teeth or the dark between them.

The mesh opens and shuts a mouth by the shape of the face; gaps below 0.05 eye distances it neither sees nor denies.
On 96 portraits the picture told parted lips from shut ones that only cast a shadow: the shadow between shut lips is
dark and keeps the red of the lips, the dark of the mouth is less red than they are, and teeth are pale.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync.animation.puppet.contour import CONTOUR_POINTS, crop_around, find_seam, smooth
from lipsync.animation.puppet.curves import resample, sample
from lipsync.face.topology import LOWER_LIP, UPPER_LIP

Floats = NDArray[np.float32]

MIN_PARTING = 0.010
"""Gap in eye distances of parted lips. Of 36 portraits whose gap the mesh puts below 0.05, MediaPipe's refined mesh
sees 0.006 and more in ten, all of which are above this."""

_HALF_BAND = 0.09
"""Half height of the band that is looked at, in eye distances."""
_ROWS = 145
_BLUR = 0.004
"""Standard deviation in eye distances of the blur before anything is measured."""
_TOUCH = 0.010
"""An opening lies at the dark line between the lips, at most this far from it, in eye distances."""
_CORNER = 14
"""Columns of the 81 at each end in which the shadow of a corner may pass for an opening."""
_ENVELOPE = 7
"""Columns of the 81 over which the largest distance of an edge is taken."""
_MIN_REDNESS = 9.0
"""CIELAB a* of lips below which redness says nothing, as in a picture without colour."""


@dataclass(frozen=True)
class Parting:
    """What lies between the lips of one portrait."""

    upper: NDArray[np.float64]
    """(81, 2) upper edge of what is seen between the lips, pixels, corner to corner."""
    lower: NDArray[np.float64]
    """(81, 2) its lower edge; equal to the upper one where the lips touch."""
    gap: float
    """Distance of the edges in eye distances that a seventh of the columns reaches, the corners left out."""


def find_parting(
    picture: NDArray[np.uint8], points: NDArray[np.float64], down: NDArray[np.float64], eye_distance: float
) -> Parting:
    """Find what is seen between the lips.

    ``picture`` (H, W, 3) RGB; ``points`` (468, 2) the mesh in its pixels; ``down`` (2,) unit vector across the mouth;
    ``eye_distance`` in pixels.
    """
    rings = (UPPER_LIP[0], UPPER_LIP[3], LOWER_LIP[3], LOWER_LIP[0])
    contours = (resample(points[list(ring)], CONTOUR_POINTS) for ring in rings)
    outer_upper, inner_upper, inner_lower, outer_lower = contours
    middle = (inner_upper + inner_lower) / 2
    seam = (find_seam(picture, middle, down, eye_distance) - middle) @ down
    inner_upper, inner_lower = inner_upper + seam[:, None] * down, inner_lower + seam[:, None] * down
    offsets = np.linspace(-_HALF_BAND, _HALF_BAND, _ROWS)
    crop, origin = crop_around(picture, np.concatenate([outer_upper, outer_lower]), 0.15 * eye_distance)
    soft = cv2.GaussianBlur(crop, (0, 0), max(0.5, _BLUR * eye_distance))
    lab = cv2.cvtColor(soft, cv2.COLOR_RGB2LAB).astype(np.float32)
    lab = (lab - np.array([0, 128, 128], np.float32)) * np.array([100 / 255, 1, 1], np.float32)
    band = sample(lab, middle[:, None] + (offsets * eye_distance)[None, :, None] * down - origin)
    upper_lip = _lip_colours(lab, outer_upper - origin, inner_upper - origin, 0.35, 0.80)
    lower_lip = _lip_colours(lab, outer_lower - origin, inner_lower - origin, 0.35, 0.75)
    inside = _is_inside(band, upper_lip, lower_lip)
    seam = seam / eye_distance
    top, bottom = _edges(inside, seam, offsets)
    thickness = cv2.medianBlur((bottom - top).astype(np.float32)[None], 5)[0]
    gap = float(np.quantile(thickness[_CORNER:-_CORNER], 6 / 7))
    height_upper, height_lower = (_fit_edge(edge, seam, 1.2 * gap) * eye_distance for edge in (top, bottom))
    return Parting(middle + height_upper[:, None] * down, middle + height_lower[:, None] * down, gap)


def _lip_colours(
    lab: Floats, outer: NDArray[np.float64], inner: NDArray[np.float64], start: float, end: float
) -> Floats:
    """(81, 3) colour of one lip by column: CIELAB, smooth along the mouth.

    ``start`` and ``end``: the part of the way from the outer to the inner contour that is certainly lip.
    """
    shares = np.linspace(start, end, 7)[None, :, None]
    found = np.median(sample(lab, outer[:, None] + (inner - outer)[:, None] * shares), axis=1)
    return np.stack([smooth(found[:, channel], 6.0) for channel in range(3)], 1).astype(np.float32)


def _is_inside(band: Floats, upper_lip: Floats, lower_lip: Floats) -> NDArray[np.uint8]:
    """(81, rows) 1 where a place of the band is neither of the lips nor the shadow between them."""
    lightness = band[..., 0] / np.maximum(np.minimum(upper_lip[:, 0], lower_lip[:, 0]), 1)[:, None]
    lip_redness = np.minimum(upper_lip[:, 1], lower_lip[:, 1])[:, None]
    redness = band[..., 1] / np.maximum(lip_redness, 1)
    coloured = lip_redness > _MIN_REDNESS
    dark = (lightness < 0.95) & (redness < 0.93) & coloured
    pale = (lightness > 0.60) & (redness < 0.90) & coloured
    inside = (dark | pale | (lightness < 0.45)).astype(np.uint8)
    inside = cv2.morphologyEx(inside, cv2.MORPH_CLOSE, np.ones((5, 7), np.uint8))
    return np.asarray(cv2.morphologyEx(inside, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)))


def _edges(
    inside: NDArray[np.uint8], seam: NDArray[np.float64], offsets: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(81,) upper and lower end of what touches the seam in each column, in eye distances from the middle."""
    top, bottom = seam.copy(), seam.copy()
    step = float(offsets[1] - offsets[0])
    for column, row in enumerate(inside):
        ends = np.flatnonzero(np.diff(np.concatenate([[0], row, [0]])))
        for begin, end in ends.reshape(-1, 2):
            if offsets[begin] - _TOUCH <= seam[column] <= offsets[end - 1] + _TOUCH:
                top[column] = min(top[column], offsets[begin])
                bottom[column] = max(bottom[column], offsets[end - 1] + step)
    return top, bottom


def _fit_edge(edge: NDArray[np.float64], seam: NDArray[np.float64], max_distance: float) -> NDArray[np.float64]:
    """(81,) the edge's envelope away from the seam, without the noise of single columns; at the seam in the corners.

    The envelope, for lip colour between two teeth must not keep a part of them in the lip.
    """
    away = np.abs(cv2.medianBlur((edge - seam).astype(np.float32)[None], 5))
    widest = cv2.dilate(away, np.ones((1, _ENVELOPE), np.uint8))[0] * np.sign((edge - seam).sum())
    arc = max_distance * np.sin(np.linspace(0, np.pi, CONTOUR_POINTS)).clip(0) ** 0.5
    return np.asarray(seam + np.clip(smooth(widest, 2.0), -arc, arc))
