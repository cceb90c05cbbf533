"""Fits the mesh's lids to the picture: on most photographs the mesh's upper lid lies on the iris.

All lengths are in eye widths. A lid is a row for each column of the levelled picture.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync.animation.puppet.curves import luma, smoothstep
from lipsync.animation.puppet.eyelids.eye_frame import EyeFrame
from lipsync.animation.puppet.eyelids.rims import find_thin_rims, touching_border, trace_upper_rim
from lipsync.face.topology import BROWS_LOWER, LOWER_LIDS, UPPER_LIDS

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

MIN_INSIDE, MIN_INSIDE_TURNED, MIN_INSIDE_GREY = 0.60, 0.82, 0.33
"""Share of the fitted opening that must differ from skin; below it the mesh's eye is not where the picture's is.

On heads that are turned far the mesh often misses the farther eye, so that more is asked of them: two such portraits
(seeds 111 and 281, 27 and 30 degrees) have 0.76 and 0.79 in the eye that is missed, six well fitted ones 0.89-1.0.
Other well fitted eyes have 0.78-1.0, in pictures that were darkened, faded or tinted 0.67-1.0. In a grey picture the
white of the eye does not differ from skin: 0.36-0.91.
"""
TURNED_RATIO = 0.775
"""Width of the farther eye relative to the nearer one, below which a head is turned far: by about 20 degrees."""
_MIN_CHROMA = 4.0
"""Mean distance from the grey axis of CIE Lab below which a picture is grey."""
MIN_OPENING = 0.10
"""An eye less open than this has no lid to bring down."""
MIN_JOINT_GAIN = 0.15
"""Both lids move together (on turned heads the mesh's eye can lie beside the picture's) only if this much more of
the opening differs from skin then."""
_PRIOR = 0.016
"""Penalty of moving a lid by 0.1, as a share of skin distance summed over the eye's width."""
_MIN_SPREAD, _MAX_SPREAD = (5.0, 2.5, 2.5), (9.0, 5.0, 5.0)
"""Standard deviation of skin in CIE Lab, limited: plain skin would make every shadow another thing."""
_REACH, _REACHES_BELOW_RIM = 0.26, (0.12, 0.06, 0.02)
"""How far up a lid may be moved; below the rim of glasses the first with which the lid does not cross it."""
_CONTRAST = 45.0
"""Range of L* in an eye in good light; in a faded or a dark picture less differs from skin, and less is skin."""
_RISE = 0.16
"""The lower lid comes up by this share of the opening."""


@dataclass(frozen=True)
class LidCurves:
    """The lids of one eye in its levelled frame: rows (w,) float32 over the columns."""

    upper: Floats
    """Edge of the upper lid in the portrait; beyond the corners upper = lower."""
    lower: Floats
    shut: Floats
    """Where the lids meet."""
    rise: Floats
    """By how much the lower lid comes up."""
    corner_line: Floats
    """The line that continues the shut lids beyond the corners."""
    brow: Floats
    """Lower edge of the eyebrow."""
    first: int
    """Columns of the corners."""
    last: int
    across: Floats
    """(w,) -1 at the inner corner, 1 at the outer one."""
    beyond: Floats
    """(w,) eye widths beyond the nearer corner, 0 between the corners."""
    eye_width: float
    skin_distance: Floats
    """(h, w) distance from the colour of the skin around the eye; 1 = the limit of skin."""
    skin_ring: Mask
    """(h, w) plain skin above and below the eye."""
    upper_rim: Mask
    """(h, w) the rim of glasses that passes above the eye."""

    @property
    def opening(self) -> Floats:
        """(w,) rows between the lids."""
        return np.asarray(self.lower - self.upper, np.float32)


def fit_lids(picture: Floats, points: NDArray[np.float64], frame: EyeFrame, *, has_glasses: bool) -> LidCurves | None:
    """Fit the lids to ``picture`` (h, w, 3) RGB float32 cut by ``frame``; None where no open eye is found.

    ``points`` (468, 2) are landmarks in the portrait's pixels. ``has_glasses``: a long line above the eye is a rim.
    """
    height, width = picture.shape[:2]
    scale = frame.eye_width
    upper_points, lower_points, brow_points = (
        frame.to_frame(points[list(ids[frame.eye])]) for ids in (UPPER_LIDS, LOWER_LIDS, BROWS_LOWER)
    )
    columns = np.arange(width, dtype=np.float32)
    upper, lower, brow = (_row_at(line, columns) for line in (upper_points, lower_points, brow_points))
    lower = np.maximum(lower, upper)
    first, last = int(np.ceil(upper_points[:, 0].min())), int(np.floor(upper_points[:, 0].max()))
    if last - first < 0.5 * scale or float((lower - upper).max()) < MIN_OPENING * scale:
        return None
    before, after = np.maximum(first - columns, 0), np.maximum(columns - last, 0)
    beyond = np.asarray(np.maximum(before, after) / scale, np.float32)
    distance, ring = _skin_distance(picture, upper, lower, brow, first, last, scale)
    rim = np.zeros(distance.shape, bool)
    if has_glasses:
        rows = np.arange(height, dtype=np.float32)[:, None]
        place = (rows < upper - 0.03 * scale) & (rows > brow + 0.03 * scale) & (beyond < 0.22)
        rim = trace_upper_rim(picture, scale, np.asarray(place))
    rims = _rims_above(picture, upper, ring, beyond, scale) | rim if has_glasses else None
    # Skin lies above a lid's edge and not below it: the running sum down a column has its extremes at the lids.
    running = np.cumsum(np.clip(distance - 1.0, -0.6, 1.0), axis=0)
    if rims is None:
        joint = _joint_shift(running, upper, lower, first, last, scale)
        upper, lower = _fit_both(running, upper + joint, lower + joint, first, last, scale, _REACH)
    else:
        # The shadow of a rim is not skin either: the lid must not be drawn up to the rim through it.
        for reach in _REACHES_BELOW_RIM:
            fitted = _fit_both(running, upper, lower, first, last, scale, reach)
            crossed = rims[:, first:last] & (np.arange(height)[:, None] > fitted[0][first:last] - 0.05 * scale)
            if float(crossed.any(0).mean()) < 0.1:
                break
        upper, lower = fitted
    middle, half = (upper + lower) / 2, np.maximum(lower - upper, 0) / 2
    if 2 * float(half[first : last + 1].max()) < MIN_OPENING * scale:
        return None
    outside = before if frame.eye == 0 else after
    corner_line = middle.copy()
    corner_line[:first], corner_line[last + 1 :] = middle[first], middle[last]
    # Beyond the corners the line of a shut eye runs on: level at the nose, sinking a little at the temple.
    tail = 0.18 * scale
    corner_line += 0.16 * tail * (1 - np.exp(-outside / tail))
    upper, lower = middle - half, middle + half
    outer_columns = (columns < first) | (columns > last)
    upper[outer_columns] = lower[outer_columns] = corner_line[outer_columns]
    upper, lower = (_smooth(line, 0.045 * scale) for line in (upper, lower))
    lower = np.maximum(lower, upper)
    opening = lower - upper
    rise = np.asarray(_RISE * opening, np.float32)
    shut = _smooth(lower - rise + 0.02 * scale * smoothstep(opening, 0, 0.10 * scale), 0.05 * scale)
    rows = np.arange(height, dtype=np.float32)[:, None]
    inside = (rows > upper + 1) & (rows < lower - 1) & (columns > first) & (columns < last)
    if not inside.any() or float(np.mean(distance[inside] > 1.0)) < _min_inside(picture, points):
        return None
    across = (2 * columns - first - last) / np.float32(last - first) * (1 if frame.eye else -1)
    return LidCurves(
        upper,
        lower,
        shut,
        rise,
        np.asarray(corner_line, np.float32),
        brow,
        first,
        last,
        np.asarray(across, np.float32),
        beyond,
        scale,
        distance,
        ring,
        rim,
    )


def _min_inside(picture: Floats, points: NDArray[np.float64]) -> float:
    lab = cv2.cvtColor(picture[::3, ::3] / np.float32(255), cv2.COLOR_RGB2LAB)
    if float(np.hypot(lab[..., 1], lab[..., 2]).mean()) < _MIN_CHROMA:
        return MIN_INSIDE_GREY
    right, left = (float(np.linalg.norm(points[lid[-1]] - points[lid[0]])) for lid in UPPER_LIDS)
    return MIN_INSIDE_TURNED if min(right / left, left / right) < TURNED_RATIO else MIN_INSIDE


def _row_at(points: NDArray[np.float64], columns: Floats) -> Floats:
    ordered = points[np.argsort(points[:, 0])]
    return np.interp(columns, ordered[:, 0], ordered[:, 1]).astype(np.float32)


def _smooth(line: NDArray[np.floating], sigma: float) -> Floats:
    return np.asarray(
        cv2.GaussianBlur(np.asarray(line, np.float32)[None], (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)[0],
        np.float32,
    )


def _skin_distance(
    picture: Floats, upper: Floats, lower: Floats, brow: Floats, first: int, last: int, scale: float
) -> tuple[Floats, Mask]:
    """(h, w) distance from skin in CIE Lab, 1 at its limit, and (h, w) the skin that was asked."""
    lab = cv2.cvtColor(cv2.GaussianBlur(picture, (0, 0), 0.02 * scale) / np.float32(255), cv2.COLOR_RGB2LAB)
    rows = np.arange(len(picture), dtype=np.float32)[:, None]
    above = (rows < upper - 0.16 * scale) & (rows > np.maximum(upper - 0.32 * scale, brow + 0.05 * scale))
    below = (rows > lower + 0.12 * scale) & (rows < lower + 0.32 * scale)
    for part in (above, below):
        part[:, :first] = part[:, last + 1 :] = False
    ring = above | below
    if not ring.any():
        ring = np.ones(ring.shape, bool)
    sample = lab[ring]
    middle = np.median(sample, axis=0)
    deviation = 1.4826 * np.median(np.abs(sample - middle), axis=0)
    eye = lab[:, first : last + 1, 0][
        ((rows > upper - 0.1 * scale) & (rows < lower + 0.1 * scale))[:, first : last + 1]
    ]
    contrast = np.clip(float(np.ptp(np.percentile(eye, [3, 97]))) / _CONTRAST, 0.2, 1.0) if eye.size else 1.0
    spread = np.clip(deviation, contrast * np.array(_MIN_SPREAD), contrast * np.array(_MAX_SPREAD))
    # Skin above the eye and skin below it lie in different light.
    upper_skin, lower_skin = (
        np.median(lab[part], axis=0) if int(part.sum()) > 50 else middle for part in (above, below)
    )
    share = np.clip((rows - upper + 0.1 * scale) / np.maximum(lower - upper + 0.2 * scale, 1), 0, 1)[..., None]
    off = (lab - upper_skin - (lower_skin - upper_skin) * share) / (2.2 * spread)
    return np.sqrt(np.square(off).sum(-1)).astype(np.float32), ring


def _joint_shift(running: Floats, upper: Floats, lower: Floats, first: int, last: int, scale: float) -> np.float32:
    """Rows by which both lids are moved together."""
    columns = np.arange(first, last + 1, 2)
    shifts = np.arange(-0.30, 0.16, 0.02) * scale

    def at(line: Floats) -> Floats:
        rows = np.clip(np.rint(line[columns] + shifts[:, None]), 0, len(running) - 1).astype(int)
        return np.asarray(running[rows, columns])

    inside = (at(lower) - at(upper)).mean(1) / max(float((lower - upper)[columns].mean()), 1.0)
    gain = inside - 0.035 * (shifts / (0.1 * scale)) ** 2
    best = int(np.argmax(gain))
    needed = gain[int(np.argmin(np.abs(shifts)))] + MIN_JOINT_GAIN
    return np.float32(shifts[best] if abs(shifts[best]) > 0.07 * scale and gain[best] > needed else 0.0)


def _fit_edge(score: Floats, edge: Floats, first: int, last: int, scale: float, reach: tuple[float, float]) -> Floats:
    """(last - first + 1,) rows to add to ``edge`` so that ``score`` (h, w) is greatest along it.

    Exhaustive search over shift, bulge and tilt with a quadratic prior; ``reach`` is the farthest up and down.
    """
    shifts, bulges, tilts = np.meshgrid(
        np.arange(-reach[0], reach[1] + 1e-6, 0.0125),
        np.arange(-0.09, 0.091, 0.03),
        np.arange(-0.06, 0.061, 0.03),
        indexing="ij",
    )
    count = last - first + 1
    picked = np.linspace(0, count - 1, 25).astype(int)
    along = np.linspace(-1, 1, count)
    u = along[picked]
    moves = shifts[..., None] + bulges[..., None] * (0.5 - u**2) + tilts[..., None] * u
    rows = np.clip(np.rint(edge[first + picked] + moves * scale), 0, len(score) - 1).astype(int)
    gain = score[rows, first + picked].mean(-1) / scale
    gain -= _PRIOR * ((shifts / 0.10) ** 2 + (bulges / 0.07) ** 2 + (tilts / 0.05) ** 2)
    best = np.unravel_index(int(np.argmax(gain)), gain.shape)
    return np.asarray(
        scale * (shifts[best] + bulges[best] * (0.5 - along**2) + tilts[best] * along),
        np.float32,
    )


def _fit_both(
    running: Floats, upper: Floats, lower: Floats, first: int, last: int, scale: float, reach: float
) -> tuple[Floats, Floats]:
    upper_move = _fit_edge(-running, upper, first, last, scale, (reach, 0.06))
    lower_move = _fit_edge(running, lower, first, last, scale, (_REACH, 0.04))
    return _move(upper, lower, upper_move, lower_move, first, last)


def _rims_above(picture: Floats, upper: Floats, ring: Mask, beyond: Floats, scale: float) -> Mask:
    """(h, w) rims of glasses above the mesh's upper lid."""
    rows = np.arange(len(picture), dtype=np.float32)[:, None]
    above = np.asarray(rows < upper - 0.06 * scale)
    brightness = np.asarray(luma(picture), np.float32)
    thick = touching_border((brightness < 0.55 * float(np.median(brightness[ring]))) & above)
    return find_thin_rims(picture, scale, above, beyond) | thick


def _move(
    upper: Floats, lower: Floats, upper_move: Floats, lower_move: Floats, first: int, last: int
) -> tuple[Floats, Floats]:
    """Both lids moved; the corners go by what the lids share, or the opening would be cut off at its ends."""
    shared = (upper_move + lower_move) / 2
    bulge = 1.15 * (1 - np.linspace(-1, 1, last - first + 1) ** 4)
    upper, lower = upper.copy(), lower.copy()
    upper[first : last + 1] += (shared + bulge * (upper_move - shared)).astype(np.float32)
    lower[first : last + 1] += (shared + bulge * (lower_move - shared)).astype(np.float32)
    return upper, lower
