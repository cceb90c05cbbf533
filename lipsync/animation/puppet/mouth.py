"""The mouth of a portrait at rest: where its lips meet or part, and what it takes to shut them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lipsync.animation.puppet.contour import CONTOUR_POINTS, MIN_EDGE_BAND, find_lip_edge, find_seam
from lipsync.animation.puppet.corners import extend_corners, move_corners
from lipsync.animation.puppet.curves import resample, smoothstep
from lipsync.animation.puppet.parting import MIN_PARTING, Parting, find_parting
from lipsync.face.topology import CHIN, LIPS, LOWER_LIP, MOUTH_CORNERS, PHILTRUM, UPPER_LIP
from lipsync.face.types import Portrait

CERTAIN_GAP = 0.048
"""Gap of the mesh's inner lips, in eye distances, above which the mouth is open in the portrait. Below it the picture
decides: the mesh sees full lips that are shut as parted, and parted ones as shut."""
_TRUSTED_GAP = 0.035
"""Gap above which the mesh's inner lips are near enough to the edges of the lips to search for them from there."""

_INSET = 0.026
"""The cut runs this far inside the lip, in eye distances: at its edge a line of teeth, or of the shade in which a lip
turns inwards, would be seen when the mouth shuts. On 14 difficult portraits at rest MediaPipe's refined mesh saw a
gap above 0.006 in 11 with 0.010, in 10 with 0.017 and in 8 with 0.026."""
_PARTED_INSET = 0.015
"""How far inside the cut runs of lips that are only parted, whose edges the picture shows."""

_MAX_ARCH = 0.015
"""Height in eye distances by which shut lips may stand above the chord of their corners. The upper lip of a wide
laugh arches by up to 0.08, and lips shut along it would frown."""

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
    """Opening in the portrait, in eye distances; 0 where the lips touch."""

    @property
    def is_open(self) -> bool:
        """Whether the portrait shows the inside of its mouth."""
        return self.gap > 0

    @property
    def wide(self) -> float:
        """0 for a smile that shows the upper teeth, 1 for a mouth so open that the lower ones move with the jaw."""
        return float(smoothstep(self.gap, 0.15, 0.23))


def analyze_mouth(portrait: Portrait, jaw_open: NDArray[np.floating]) -> Mouth:
    """Find the lips' exact contours and what shuts them.

    ``jaw_open`` (468, 2): displacement in pixels of the portrait's points at jawOpen = 1.
    """
    points = portrait.landmarks[:, :2].astype(np.float64)
    along = points[MOUTH_CORNERS[1]] - points[MOUTH_CORNERS[0]]
    along /= np.linalg.norm(along)
    down = np.array([-along[1], along[0]])
    move_corners(portrait.picture, points, along, down, portrait.eye_distance)
    upper, lower = points[list(UPPER_LIP[3])], points[list(LOWER_LIP[3])]
    gap = float(((lower - upper) @ down).max()) / portrait.eye_distance
    if gap > CERTAIN_GAP:
        extend_corners(points, along, portrait.eye_distance)
        return _analyze_open(portrait, points, along, down, jaw_open)
    parting = find_parting(portrait.picture, points, down, portrait.eye_distance)
    if parting.gap < MIN_PARTING:
        return _analyze_closed(portrait, points, along, down)
    return _analyze_open(portrait, points, along, down, jaw_open, parting if gap <= _TRUSTED_GAP else None)


def _analyze_closed(
    portrait: Portrait,
    points: NDArray[np.float64],
    along: NDArray[np.float64],
    down: NDArray[np.float64],
) -> Mouth:
    upper, lower = points[list(UPPER_LIP[3])].copy(), points[list(LOWER_LIP[3])].copy()
    middle = (upper + lower) / 2
    seam = find_seam(portrait.picture, middle, down, portrait.eye_distance)
    onto = _at_points(seam, middle, along)
    _move_rings(points, onto - upper, onto - lower, falloff=(0.0, 0.3, 0.6, 1.0))
    return Mouth(along, down, points, np.zeros_like(points), seam, seam, seam, seam, 0.0)


def _analyze_open(
    portrait: Portrait,
    points: NDArray[np.float64],
    along: NDArray[np.float64],
    down: NDArray[np.float64],
    jaw_open: NDArray[np.floating],
    parting: Parting | None = None,
) -> Mouth:
    """``parting``: the edges of what is seen of the inside; without it they are searched for along the mesh's."""
    distance = portrait.eye_distance
    upper, lower = points[list(UPPER_LIP[3])].copy(), points[list(LOWER_LIP[3])].copy()
    if parting is None:
        edge_upper = find_lip_edge(portrait.picture, upper, down, distance, inward=1)
        # In a mouth as open as few are the mesh has the lower lip off by up to half of the gap.
        opening = float(((lower - upper) @ down).max())
        unsure = float(smoothstep(opening / float(np.linalg.norm(upper[-1] - upper[0])), 0.33, 0.40))
        half_band = MIN_EDGE_BAND + unsure * (0.5 * opening / distance - MIN_EDGE_BAND)
        edge_lower = find_lip_edge(portrait.picture, lower, down, distance, inward=-1, half_band=half_band)
    else:
        edge_upper, edge_lower = _at_points(parting.upper, upper, along), _at_points(parting.lower, lower, along)
    _move_rings(points, edge_upper - upper, edge_lower - lower, falloff=(0.0, 0.3, 0.6, 1.0))
    gaps = (edge_lower - edge_upper) @ down
    gap = max(float(gaps.max()) / distance, MIN_PARTING)
    arc = np.sin(np.linspace(0, np.pi, len(upper)))[:, None].clip(0) ** 0.5
    push = max(2.0, (_INSET if parting is None else _PARTED_INSET) * distance) * arc * down
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
    between = _smooth_line(upper * (1 - share) + lower * share, along, down)
    meet = _lower_arch(between, along, down, distance)
    lowered = meet - between
    for falloff, ring_upper, ring_lower in zip((0.7, 0.82, 0.93, 1.0), UPPER_LIP, LOWER_LIP, strict=True):
        # To a line that was lowered the upper lip goes as a whole: it is not stretched that far.
        closing[list(ring_upper[_INNER])] += ((between - upper) * falloff + lowered * (0.9 + 0.1 * falloff))[_INNER]
        closing[list(ring_lower[_INNER])] += (meet - lower)[_INNER] * (falloff + (1 - falloff) * 0.9 * wide)
    largest = float(((lower - upper) @ down).max())
    jaw = largest * (1 - share) * (0.5 + 0.4 * wide) / (float(np.linalg.norm(jaw_open[CHIN])) + 1e-6)
    rest = np.ones(len(points), bool)
    rest[list(LIPS)] = False
    closing[rest] -= jaw_open[rest] * jaw
    upper_way = largest * share + float((lowered @ down).max())
    for indices, follow in (((164, 167, 393), 0.5), ((165, 391, 92, 322), 0.4), ((186, 410), 0.25)):
        closing[list(indices)] += down * upper_way * follow
    # A smile pulls the corners apart: let go of some of it.
    closing[[ring[0] for ring in UPPER_LIP]] += along * distance * 0.02
    closing[[ring[-1] for ring in UPPER_LIP]] -= along * distance * 0.02
    return closing


def _lower_arch(
    line: NDArray[np.float64], along: NDArray[np.float64], down: NDArray[np.float64], distance: float
) -> NDArray[np.float64]:
    """(11, 2) ``line`` with no place further above the chord of its ends than shut lips are; ``distance``: pixels
    between the outer eye corners."""
    at, height = (line - line[0]) @ along, (line - line[0]) @ down
    below = height - height[-1] * at / at[-1]
    return np.asarray(line + np.maximum(-_MAX_ARCH * distance - below, 0)[:, None] * down)


def _smooth_line(
    line: NDArray[np.float64], along: NDArray[np.float64], down: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(11, 2) the line between shut lips without the bumps of single teeth and gums: a quartic through its ends."""
    at, height = (line - line[0]) @ along, (line - line[0]) @ down
    place = 2 * at / at[-1] - 1
    chord = height[0] + (height[-1] - height[0]) * at / at[-1]
    shape = (1 - place**2)[:, None] * np.stack([np.ones_like(place), place, place**2], 1)
    coefficients = np.linalg.lstsq(shape, height - chord, rcond=None)[0]
    return np.asarray(line + (chord + shape @ coefficients - height)[:, None] * down)


def _at_points(
    contour: NDArray[np.float64], points: NDArray[np.float64], along: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(m, 2) where a contour (n, 2) across the mouth passes above or below ``points`` (m, 2)."""
    at, found_at = (points - points[0]) @ along, (contour - points[0]) @ along
    order = np.argsort(found_at)
    return np.stack([np.interp(at, found_at[order], contour[order, axis]) for axis in (0, 1)], 1)


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
