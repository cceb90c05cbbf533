"""Where exactly the lips of a portrait meet, or part: the mesh knows it to a few pixels, the picture to one.

Both searches lay a band across the mesh's line and find the best path along it by dynamic programming.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync.animation.puppet.curves import resample, sample, smoothstep

CONTOUR_POINTS = 81
"""Points along the mouth in each contour."""

_SEAM_BAND = 0.03
"""Half width of the band where the dark line between closed lips is looked for, in eye distances."""
MIN_EDGE_BAND = 0.06
"""Half width of the band where the inner edge of a lip of an open mouth is looked for, in eye distances."""
_INWARD_COST = {1: 4.0, -1: 1.5}
"""Factor of the cost of an edge further inside the mouth than the mesh has it: of the upper lip and the lower."""
_FOREIGN_COST = 1.0
"""Cost of a hundredth of an eye distance of teeth or dark that an edge leaves on the lip."""
_WIDE_STEPS = 10
"""Steps of the band, a fortieth of it each, whose mean redness is compared before and after an edge."""
_CLEAR_FALL = 8.0
"""A fall of redness (CIELAB a*) that is certainly the border of a lip."""


def find_seam(
    picture: NDArray[np.uint8], line: NDArray[np.floating], down: NDArray[np.floating], eye_distance: float
) -> NDArray[np.float64]:
    """The dark line between closed lips, (81, 2) points from corner to corner.

    ``line`` (n, 2) is the mesh's guess, ``down`` (2,) the unit vector across the lips, in pixels of ``picture``
    (H, W, 3) RGB.
    """
    guess = resample(line, CONTOUR_POINTS)
    reach = _SEAM_BAND * eye_distance
    offsets = np.linspace(-reach, reach, 25)
    crop, origin = crop_around(picture, guess, reach + 0.05 * eye_distance)
    grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY).astype(np.float32)
    grey = cv2.GaussianBlur(grey, (0, 0), max(0.6, 0.006 * eye_distance))
    band = sample(grey, guess[:, None] + offsets[None, :, None] * down - origin)
    darkness = (band - band.min(1, keepdims=True)) / (np.ptp(band) + 1e-6) * len(offsets)
    # The mesh is trusted most near the corners, where the line often ends before the mouth does.
    ends = np.minimum(np.arange(CONTOUR_POINTS), CONTOUR_POINTS - 1 - np.arange(CONTOUR_POINTS)) < 8
    stray = (np.abs(offsets) / reach)[None] * 2.0 * np.where(ends, 4.0, 1.0)[:, None]
    path = cheapest_path(darkness + stray, step_cost=1.2, max_step_cost=np.inf)
    moved = smooth(offsets[path], 2.0)
    return np.asarray(guess + moved[:, None] * down)


def find_lip_edge(
    picture: NDArray[np.uint8],
    contour: NDArray[np.floating],
    down: NDArray[np.floating],
    eye_distance: float,
    inward: int,
    half_band: float = MIN_EDGE_BAND,
) -> NDArray[np.float64]:
    """The inner edge of a lip of an open mouth: where the lip's red ends and teeth or the dark begin.

    ``contour`` (n, 2) is the mesh's guess; ``inward`` is +1 for the upper lip (the mouth's inside lies below it)
    and -1 for the lower; ``half_band`` is how far from the guess the edge may be, in eye distances. Returns the
    contour's own n points, moved along ``down``.
    """
    guess = resample(contour, CONTOUR_POINTS)
    reach = half_band * eye_distance
    offsets = np.linspace(-reach, reach, 41)
    crop, origin = crop_around(picture, guess, reach + 0.05 * eye_distance)
    soft = cv2.GaussianBlur(crop, (0, 0), max(0.5, 0.006 * eye_distance))
    lab = cv2.cvtColor(soft, cv2.COLOR_RGB2LAB).astype(np.float32)
    band = sample(lab, guess[:, None] + offsets[None, :, None] * down - origin)
    # Teeth are pale and the dark has no colour: redness, weighed by brightness, falls from the lip inwards.
    redness = (band[..., 1] - 128.0) * np.clip(band[..., 0] / 110.0, 0.0, 1.0)
    reach_steps = 3
    inner = slice(reach_steps, -reach_steps)
    fall, jump = np.zeros_like(redness), np.zeros_like(redness)
    fall[:, inner] = (redness[:, : -2 * reach_steps] - redness[:, 2 * reach_steps :]) * inward
    jump[:, inner] = np.abs(band[:, 2 * reach_steps :, 0] - band[:, : -2 * reach_steps, 0])
    fall = np.maximum(fall, 0)
    # Over a wider window single teeth, gums and highlights count less than lip on one side and none on the other.
    wide = np.maximum(_mean_difference(redness, _WIDE_STEPS) * inward, 0)
    # Where nothing stands out, as redness in a picture without colour, noise must not be made to.
    clear = min(1.0, float(np.percentile(fall, 95)) / _CLEAR_FALL)
    edge = clear * fall / (np.percentile(fall, 95) + 1e-3)
    edge += (0.15 + 0.30 * clear) * jump / (np.percentile(jump, 95) + 1e-3)
    if inward < 0:  # above the upper teeth gums would pass for lip
        edge += 0.8 * clear * wide / (np.percentile(wide, 95) + 1e-3)
    from_end = np.minimum(np.arange(CONTOUR_POINTS), CONTOUR_POINTS - 1 - np.arange(CONTOUR_POINTS))
    stray = (np.abs(offsets) / reach)[None] ** 2 * 2.5 * np.where(from_end < 6, 6.0, 1.0)[:, None]
    # A cut inside the lip is not seen; one in the mouth leaves teeth, or the gums above them, on the lip.
    stray = stray * np.where(offsets * inward > 0, _INWARD_COST[inward], 1.0)[None]
    foreign = clear * _foreign(redness, offsets, inward, (0.25, 0.55))
    if inward < 0:  # the tongue is as red as the lower lip but stands in the shade
        foreign = np.maximum(foreign, _foreign(band[..., 0], offsets, inward, (0.60, 0.80)))
    left_on_lip = _sum_outside(foreign, offsets, inward) / (0.01 * eye_distance)
    path = cheapest_path(stray + _FOREIGN_COST * left_on_lip - 6.0 * edge, step_cost=1.0, max_step_cost=30.0)
    moved = smooth(offsets[path], 2.0 + 3.0 * (1 - clear)) * smoothstep(from_end, 1, 16)
    snapped = guess + moved[:, None] * down
    along = np.array([down[1], -down[0]])
    at, found_at = (contour - guess[0]) @ along, (snapped - guess[0]) @ along
    order = np.argsort(found_at)
    return np.stack([np.interp(at, found_at[order], snapped[order, axis]) for axis in (0, 1)], 1)


def _foreign(
    amount: NDArray[np.floating], offsets: NDArray[np.float64], inward: int, limits: tuple[float, float]
) -> NDArray[np.float64]:
    """(n, m) 1 where ``amount`` (redness, lightness) is too small for a lip, 0 where it is enough.

    ``limits``: the amounts of the lip, on the scale from the mouth's inside to it, that are certainly none and one.
    """
    lip = smooth(np.percentile(amount[:, offsets * inward < 0], 75, axis=1), 6.0)[:, None]
    inside = min(float(np.percentile(amount[:, offsets * inward > 0], 10)), float(lip.min()) - 1.0)
    share = (amount - inside) / (lip - inside)
    return np.asarray(np.clip((limits[1] - share) / (limits[1] - limits[0]), 0.0, 1.0))


def _sum_outside(values: NDArray[np.float64], offsets: NDArray[np.float64], inward: int) -> NDArray[np.float64]:
    """(n, m) integral of ``values`` over what is on the lip's side of each place, in the unit of ``offsets``."""
    ordered = values if inward > 0 else values[:, ::-1]
    outside = np.cumsum(ordered, axis=1) * float(offsets[1] - offsets[0])
    return np.asarray(outside if inward > 0 else outside[:, ::-1])


def _mean_difference(band: NDArray[np.floating], width: int) -> NDArray[np.float64]:
    """(n, m) mean of the ``width`` values before each place of a row minus that of as many after it."""
    sums = np.cumsum(np.pad(np.asarray(band, np.float64), ((0, 0), (width + 1, width)), mode="edge"), axis=1)
    middle = sums[:, width:-width]
    before = middle - sums[:, : -2 * width]
    after = sums[:, 2 * width :] - middle
    return np.asarray((before - after)[:, : band.shape[1]] / width)


def cheapest_path(cost: NDArray[np.floating], step_cost: float, max_step_cost: float) -> NDArray[np.intp]:
    """The column of each row on the cheapest way through ``cost`` (n, m); a step aside costs ``step_cost`` each."""
    rows, columns = cost.shape
    index = np.arange(columns)
    step = np.minimum(np.abs(index[:, None] - index[None]) * step_cost, max_step_cost)
    total = np.array(cost, np.float64)
    back = np.zeros((rows, columns), np.intp)
    for row in range(1, rows):
        ways = total[row - 1][None] + step
        back[row] = ways.argmin(1)
        total[row] += ways.min(1)
    path = np.empty(rows, np.intp)
    path[-1] = total[-1].argmin()
    for row in range(rows - 1, 0, -1):
        path[row - 1] = back[row, path[row]]
    return path


def smooth(values: NDArray[np.floating], sigma: float) -> NDArray[np.float64]:
    """(n,) values along a contour, blurred by a Gaussian of ``sigma`` points."""
    blurred = cv2.GaussianBlur(np.asarray(values, np.float32)[None], (0, 0), sigma)
    return np.asarray(blurred[0], np.float64)


def crop_around(
    picture: NDArray[np.uint8], points: NDArray[np.floating], margin: float
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """The part of the picture around ``points``, and its upper left corner: blurring a whole picture is slow."""
    height, width = picture.shape[:2]
    x0, y0 = np.clip(np.floor(points.min(0) - margin), 0, [width - 2, height - 2]).astype(int)
    x1, y1 = np.clip(np.ceil(points.max(0) + margin), [x0 + 2, y0 + 2], [width, height]).astype(int)
    return np.ascontiguousarray(picture[y0:y1, x0:x1]), np.array([x0, y0], np.float64)
