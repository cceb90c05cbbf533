"""The mouth of a portrait at rest: where its lips meet or part, and what it takes to shut them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lipsync.animate.puppet.contour import CONTOUR_POINTS, find_lip_edge, find_seam
from lipsync.animate.puppet.curves import luma, pixels_inside, resample, sample, smoothstep
from lipsync.face.topology import CHIN, INNER_CORNERS, LIPS, LOWER_LIP, MOUTH_CORNERS, PHILTRUM, UPPER_LIP
from lipsync.face.types import Portrait

OPEN_GAP = 0.035
"""Inner lips further apart than this (in eye distances) show teeth or the dark: the mouth is open in the portrait."""

_DOUBTFUL_GAP = 0.048
"""Up to this gap the picture is asked as well: the mesh sees full lips that are shut as parted."""
_LEAST_INSIDE = 0.044
"""Teeth or darkness lower than this, in eye distances, is the line between shut lips."""

_INNER = slice(1, 10)
"""Points of a lip ring without its two corners."""


@dataclass(frozen=True)
class Mouth:
    """The resting mouth. Points are in pixels of the portrait."""

    along: NDArray[np.float64]
    """(2,) unit vector from the right corner of the mouth to the left."""
    down: NDArray[np.float64]
    """(2,) unit vector across the mouth, towards the chin."""
    points: NDArray[np.float64]
    """(468, 2) landmarks, the lips' moved onto what the picture shows."""
    closing: NDArray[np.float64]
    """(468, 2) displacement that shuts the mouth; zero where it is shut in the portrait."""
    upper: NDArray[np.float64]
    """(81, 2) inner contour of the upper lip: where the picture is cut open."""
    lower: NDArray[np.float64]
    """(81, 2) the same of the lower lip; equal to the upper when the mouth is shut."""
    visible_upper: NDArray[np.float64]
    """(81, 2) upper edge of what the open mouth shows, before the cut was pushed into the lip."""
    visible_lower: NDArray[np.float64]
    """(81, 2) its lower edge."""
    gap: float
    """Opening in the portrait, in eye distances."""

    @property
    def is_open(self) -> bool:
        """Whether the portrait shows the inside of its mouth."""
        return self.gap > OPEN_GAP

    @property
    def wide(self) -> float:
        """0 for a smile that shows the upper teeth, 1 for a mouth so open that the lower ones move with the jaw."""
        return float(smoothstep(self.gap, 0.15, 0.23))


def study_mouth(portrait: Portrait, jaw_open: NDArray[np.floating]) -> Mouth:
    """Find the lips' exact contours and what shuts them.

    ``jaw_open`` (468, 2): displacement in pixels of the portrait's points at jawOpen = 1.
    """
    points = portrait.landmarks[:, :2].astype(np.float64)
    along = points[MOUTH_CORNERS[1]] - points[MOUTH_CORNERS[0]]
    along /= np.linalg.norm(along)
    down = np.array([-along[1], along[0]])
    upper, lower = points[list(UPPER_LIP[3])], points[list(LOWER_LIP[3])]
    gap = float(((lower - upper) @ down).max()) / portrait.eye_distance
    if gap <= OPEN_GAP or (gap <= _DOUBTFUL_GAP and _only_lips_between(portrait, points, upper, lower, down)):
        return _study_shut(portrait, points, along, down, gap)
    return _study_open(portrait, points, along, down, jaw_open)


def _only_lips_between(
    portrait: Portrait,
    points: NDArray[np.float64],
    upper: NDArray[np.float64],
    lower: NDArray[np.float64],
    down: NDArray[np.float64],
) -> bool:
    """Whether what the mesh takes for the mouth's inside is lips, and a line between them."""
    distance = portrait.eye_distance
    lip = np.median(pixels_inside(portrait.picture, points[[*LOWER_LIP[1][3:8], *LOWER_LIP[2][3:8]]]), axis=0)
    start, end = resample(upper, 41)[12:29], resample(lower, 41)[12:29]
    offsets = np.linspace(-0.08, 0.08, 65) * distance
    band = sample(portrait.picture, ((start + end) / 2)[:, None] + offsets[None, :, None] * down)
    brightness = luma(band) / max(float(luma(lip)), 1.0)
    redness, lip_redness = band[..., 0] - band[..., 1], float(lip[0] - lip[1])
    pale = (redness < 0.5 * lip_redness) & (lip_redness > 15)
    other = (brightness < 0.62) | (brightness > 1.30) | pale
    inside = np.abs(offsets)[None] <= np.maximum((end - start) @ down / 2, 0)[:, None] + 0.01 * distance
    thickness = (other & inside).sum(1) * 0.16 / 64
    return bool(np.median(thickness) < _LEAST_INSIDE)


def _study_shut(
    portrait: Portrait,
    points: NDArray[np.float64],
    along: NDArray[np.float64],
    down: NDArray[np.float64],
    gap: float,
) -> Mouth:
    upper, lower = points[list(UPPER_LIP[3])].copy(), points[list(LOWER_LIP[3])].copy()
    middle = (upper + lower) / 2
    seam = find_seam(portrait.picture, middle, down, portrait.eye_distance)
    corner = points[INNER_CORNERS[0]]
    at = (middle - corner) @ along
    order = np.argsort((seam - corner) @ along)
    height = np.interp(at, ((seam - corner) @ along)[order], ((seam - corner) @ down)[order])
    onto = corner + at[:, None] * along + height[:, None] * down
    _move_rings(points, onto - upper, onto - lower, falloff=(0.0, 0.3, 0.6, 1.0))
    # Where the picture knew better than the mesh, the mesh's gap must not call the mouth open again.
    return Mouth(along, down, points, np.zeros_like(points), seam, seam, seam, seam, float(np.clip(gap, 0, OPEN_GAP)))


def _study_open(
    portrait: Portrait,
    points: NDArray[np.float64],
    along: NDArray[np.float64],
    down: NDArray[np.float64],
    jaw_open: NDArray[np.floating],
) -> Mouth:
    distance = portrait.eye_distance
    upper, lower = points[list(UPPER_LIP[3])].copy(), points[list(LOWER_LIP[3])].copy()
    edge_upper = find_lip_edge(portrait.picture, upper, down, distance, inward=1)
    edge_lower = find_lip_edge(portrait.picture, lower, down, distance, inward=-1)
    _move_rings(points, edge_upper - upper, edge_lower - lower, falloff=(0.0, 0.3, 0.6, 1.0))
    gaps = (edge_lower - edge_upper) @ down
    gap = max(float(gaps.max()) / distance, OPEN_GAP + 1e-3)
    # The cut runs inside the lip: at its very edge a white line of teeth would leak when the mouth shuts.
    arc = np.sin(np.linspace(0, np.pi, len(upper)))[:, None].clip(0) ** 0.5
    push = max(2.0, 0.017 * distance) * arc * down
    cut_upper, cut_lower = edge_upper - push, edge_lower + push
    for k in range(1, 10):
        points[UPPER_LIP[3][k]], points[LOWER_LIP[3][k]] = cut_upper[k], cut_lower[k]
        points[UPPER_LIP[2][k]] -= push[5] * 0.5
        points[LOWER_LIP[2][k]] += push[5] * 0.5
    closing = _closing(points, cut_upper, cut_lower, along, down, distance, gap, jaw_open)
    return Mouth(
        along,
        down,
        points,
        closing,
        resample(cut_upper, CONTOUR_POINTS),
        resample(cut_lower, CONTOUR_POINTS),
        resample(edge_upper, CONTOUR_POINTS),
        resample(edge_lower, CONTOUR_POINTS),
        gap,
    )


def _closing(
    points: NDArray[np.float64],
    upper: NDArray[np.float64],
    lower: NDArray[np.float64],
    along: NDArray[np.float64],
    down: NDArray[np.float64],
    distance: float,
    gap: float,
    jaw_open: NDArray[np.floating],
) -> NDArray[np.float64]:
    """(468, 2) displacement that brings the lips of an open mouth together; chin and philtrum follow."""
    wide = float(smoothstep(gap, 0.15, 0.23))
    share = 0.45 - 0.27 * wide  # of the way that the upper lip goes; the rest is the lower lip's
    closing = np.zeros_like(points)
    meet = upper * (1 - share) + lower * share
    for falloff, ring_upper, ring_lower in zip((0.7, 0.82, 0.93, 1.0), UPPER_LIP, LOWER_LIP, strict=True):
        closing[list(ring_upper[_INNER])] += (meet - upper)[_INNER] * falloff
        closing[list(ring_lower[_INNER])] += (meet - lower)[_INNER] * (falloff + (1 - falloff) * 0.9 * wide)
    largest = float(((lower - upper) @ down).max())
    jaw = largest * (1 - share) * (0.5 + 0.4 * wide) / (float(np.linalg.norm(jaw_open[CHIN])) + 1e-6)
    rest = np.ones(len(points), bool)
    rest[list(LIPS)] = False
    closing[rest] -= jaw_open[rest] * jaw
    for indices, follow in (((164, 167, 393), 0.5), ((165, 391, 92, 322), 0.4), ((186, 410), 0.25)):
        closing[list(indices)] += down * largest * share * follow
    # A smile pulls the corners apart: let go of some of it.
    closing[[ring[0] for ring in UPPER_LIP]] += along * distance * 0.02
    closing[[ring[-1] for ring in UPPER_LIP]] -= along * distance * 0.02
    return closing


def _move_rings(
    points: NDArray[np.float64],
    upper: NDArray[np.float64],
    lower: NDArray[np.float64],
    falloff: tuple[float, float, float, float],
) -> None:
    """Move the lips' points, outermost ring first, by what moves the innermost (11, 2), less with each ring."""
    for factor, ring_upper, ring_lower in zip(falloff, UPPER_LIP, LOWER_LIP, strict=True):
        points[list(ring_upper[_INNER])] += upper[_INNER] * factor
        points[list(ring_lower[_INNER])] += lower[_INNER] * factor


NEAR_UPPER = frozenset(PHILTRUM)
"""Points that belong to the upper side of the mouth alone."""
