"""Gaze: the iris moves between the lids, and the lids go with it up and down.

It is a small change of the backward map in one window for each eye. No pixels are painted, so that it cannot look
pasted. The iris moves as a disc; the white is drawn out on one side and pressed together on the other; sideways,
each place slides along the lids, which stay where they are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync.animation.puppet.curves import smoothstep
from lipsync.animation.puppet.eyelids import Eyelid
from lipsync.animation.puppet.iris import IRIS_RADIUS, find_iris

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]

TURN_RADIUS = 0.115
"""Radius of the circle on which the iris turns about the eyeball's centre, in distances of the outer eye corners: 10
of 87 mm. One degree moves the iris by 0.002 eye distances."""
UPPER_FOLLOWS, LOWER_FOLLOWS = 0.75, 0.30
"""Shares of the iris' way up and down that the lids go with it."""
MAX_PRESSED, MAX_DRAWN = 0.62, 0.80
"""How much the white may be pressed together and drawn out: above 1 the map would fold, or not be found by steps."""
_INVERSIONS = 3
"""Fixed-point steps from where a place goes to where a place comes from."""
_MIN_SHARE = 0.004
"""A place that moves by less of the iris' displacement stays: at 14 degrees, less than a tenth of a pixel."""
_MARGIN = 10
"""Pixels around an eye's window, for a head that turns."""


@dataclass(frozen=True)
class EyeGaze:
    """How the places around one eye follow its iris."""

    left: int
    """Left and top of the window in the portrait, pixels, even."""
    top: int
    shares: Floats
    """(h/2, w/2, 4) at half resolution: the 2x2 matrix, row by row, from the iris' displacement to the place's."""
    iris: NDArray[np.float64]
    """(2,) centre of the iris in the portrait, pixels."""
    iris_radius: float
    """Pixels."""
    turn_radius: float
    """Pixels that the iris moves at 90 degrees."""
    reach: Floats
    """(4,) pixels that the iris can move to the right, left, down and up before the map would fold."""


def plan_gaze(picture: Bytes, lids: tuple[Eyelid, ...], eye_distance: float) -> tuple[EyeGaze, ...]:
    """Both eyes, or none for a portrait that does not blink: its eyes are shut, hidden or not found.

    ``picture`` (H, W, 3) RGB; ``eye_distance``: pixels between the outer eye corners.
    """
    return tuple(_plan_eye(picture, lid, eye_distance) for lid in lids)


def turn_eyes(
    places: Floats,
    half_places: Floats,
    origin: tuple[int, int],
    eyes: Sequence[EyeGaze],
    gaze_deg: tuple[float, float],
    displacement_at: Callable[[NDArray[np.float64]], NDArray[np.floating]],
) -> None:
    """Change the backward map in place so that the eyes look elsewhere.

    Parameters
    ----------
    places
        (h, w, 2) float32, for each output pixel its place in the portrait, pixels.
    half_places
        (h/2, w/2, 2) the same for the colour planes, in their own pixels.
    origin
        x and y in the portrait of the map's first pixel, even.
    eyes
        What :func:`plan_gaze` gave.
    gaze_deg
        Degrees to the picture's right and up, from where the portrait looks. The caller reduces it while lids are
        shut: a lid's line would slide along.
    displacement_at
        How far the head has carried a point (2,) of the portrait, pixels.
    """
    if not eyes or max(abs(gaze_deg[0]), abs(gaze_deg[1])) < 0.02:
        return
    way = _shift(eyes, gaze_deg)
    for eye in eyes:
        window = _window(eye, displacement_at(eye.iris), origin, (places.shape[1], places.shape[0]))
        if window is None:
            continue
        x0, y0, x1, y1 = window
        half = half_places[y0 // 2 : y1 // 2, x0 // 2 : x1 // 2]
        target = cv2.subtract(half, (eye.left / 2, eye.top / 2, 0, 0))
        # Half the matrix: these places are in pixels of the colour planes.
        matrix = np.zeros((2, 4), np.float32)
        matrix[0, :2] = matrix[1, 2:] = -0.5 * way
        move = np.zeros_like(target)
        for _ in range(_INVERSIONS):
            share = cv2.remap(eye.shares, target + move, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
            move = cv2.transform(share, matrix)
        half += move
        full = cv2.resize(move, (x1 - x0, y1 - y0), interpolation=cv2.INTER_LINEAR)
        places[y0:y1, x0:x1] += full * np.float32(2)


def _shift(eyes: Sequence[EyeGaze], gaze_deg: tuple[float, float]) -> Floats:
    """(2,) pixels right and down that the irises move, the same for both eyes, or they would look apart."""
    turn = np.mean([eye.turn_radius for eye in eyes])
    meant = turn * np.sin(np.radians([gaze_deg[0], -gaze_deg[1]]))
    reach = np.min([eye.reach for eye in eyes], axis=0)
    limits = np.array([reach[0 if meant[0] > 0 else 1], reach[2 if meant[1] > 0 else 3]])
    # As it is meant up to 0.7 of the reach, from there ever less.
    knee = 0.7 * limits
    excess = np.maximum(np.abs(meant) - knee, 0)
    room = np.maximum(limits - knee, 1e-6)
    amount = np.minimum(np.abs(meant), knee) + room * np.tanh(excess / room)
    return np.asarray(np.sign(meant) * amount, np.float32)


def _window(
    eye: EyeGaze, displacement: NDArray[np.floating], origin: tuple[int, int], size: tuple[int, int]
) -> tuple[int, int, int, int] | None:
    """x0, y0, x1, y1 of the map, even: where the eye is seen now."""
    height, width = (2 * side for side in eye.shares.shape[:2])
    x0, y0 = (
        2 * int((start + moved - first - _MARGIN) // 2)
        for start, moved, first in zip((eye.left, eye.top), displacement, origin, strict=True)
    )
    x1, y1 = min(x0 + width + 2 * _MARGIN, size[0] // 2 * 2), min(y0 + height + 2 * _MARGIN, size[1] // 2 * 2)
    x0, y0 = max(x0, 0), max(y0, 0)
    return (x0, y0, x1, y1) if x1 > x0 and y1 > y0 else None


def _plan_eye(picture: Bytes, lid: Eyelid, eye_distance: float) -> EyeGaze:
    height, width = lid.y.shape
    linear = lid.to_frame[:, :2]
    scale = float(np.linalg.norm(linear[0]))  # pixels of the frame in one of the portrait
    frame_height, frame_width = lid.alpha.shape
    rows = np.arange(frame_height, dtype=np.float32)[:, None]
    # Below the dark edge of the lid, which would count as iris.
    opening = np.clip(np.minimum(rows - lid.upper - lid.band, lid.lower - rows) + 0.5, 0, 1) * (lid.beyond <= 0)
    part = picture[lid.area][..., 0].astype(np.float32)
    red = cv2.warpAffine(
        part, lid.to_frame, (frame_width, frame_height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    columns = np.flatnonzero(lid.beyond <= 0)
    middle_column = int(columns.mean())
    middle = np.array([columns.mean(), (lid.upper[middle_column] + lid.lower[middle_column]) / 2])
    expected = IRIS_RADIUS * eye_distance * scale
    soft = cv2.GaussianBlur(red, (0, 0), 0.02 * lid.eye_width)
    x, y, radius = find_iris(soft, np.asarray(opening, np.float32), middle, expected)
    shares, sideways = _shares(lid, x, y, radius)
    # From the frame's axes to the portrait's: matrix = axes.T @ shares @ axes.
    axes = linear / scale
    portrait = cv2.warpAffine(shares, lid.to_frame, (width, height), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    matrices = axes.T @ portrait.reshape(height, width, 2, 2) @ axes
    half = cv2.resize(
        np.asarray(matrices, np.float32).reshape(height, width, 4),
        (width // 2, height // 2),
        interpolation=cv2.INTER_AREA,
    )
    # Only where something moves, with a border where nothing does.
    moving = np.abs(half).max(2) > _MIN_SHARE
    rows_moving, columns_moving = np.flatnonzero(moving.any(1)), np.flatnonzero(moving.any(0))
    y0, y1 = max(int(rows_moving[0]) - 1, 0), int(rows_moving[-1]) + 2
    x0, x1 = max(int(columns_moving[0]) - 1, 0), int(columns_moving[-1]) + 2
    inverse = np.linalg.inv(linear)
    vertical = 0.30 * float((lid.lower - lid.upper).max()) / scale
    return EyeGaze(
        left=lid.left + 2 * x0,
        top=lid.top + 2 * y0,
        shares=np.ascontiguousarray(half[y0:y1, x0:x1]),
        iris=inverse @ (np.array([x, y]) - lid.to_frame[:, 2]) + [lid.left, lid.top],
        iris_radius=radius / scale,
        turn_radius=TURN_RADIUS * eye_distance,
        reach=np.array([sideways[0] / scale, sideways[1] / scale, vertical, vertical], np.float32),
    )


def _shares(lid: Eyelid, x: float, y: float, radius: float) -> tuple[Floats, tuple[float, float]]:
    """(H, W, 4) matrices in the frame's axes, and the reach to the right and to the left, pixels of the frame.

    Row by row: right by right, right by down, down by right, down by down.
    """
    scale = lid.eye_width
    rows, columns = (axis.astype(np.float32) for axis in np.mgrid[: lid.alpha.shape[0], : lid.alpha.shape[1]])
    between = np.flatnonzero(lid.beyond <= 0)
    first, last = float(between[0]), float(between[-1])
    upper, lower = lid.upper, lid.lower
    opening = np.maximum(lower - upper, 1)
    depth = (rows - upper) / opening
    rigid = 1.06 * radius
    right_room, left_room = max(last - x - rigid, 0.10 * scale), max(x - first - rigid, 0.10 * scale)
    away = columns - x
    along = np.where(
        away > 0, 1 - smoothstep(away - rigid, 0, right_room), 1 - smoothstep(-away - rigid, 0, left_room)
    )
    # Sideways nothing moves but what lies between the lids, from just inside of the lash line.
    edge = max(1.5, 0.5 * lid.band)
    inside = smoothstep(rows - upper, 0, 2 * edge) * smoothstep(lower - rows, -0.5 * edge, edge)
    aside = along * inside
    # Near a lid a place slides along it, or the map would fold there; the iris stays a disc in between.
    upper_slope, lower_slope = np.gradient(upper), np.gradient(lower)
    near_upper = 1 - smoothstep((rows - upper - 2 * edge) / opening, 0.0, 0.35)
    near_lower = 1 - smoothstep((lower - rows - edge) / opening, 0.0, 0.35)
    both = np.maximum(near_upper + near_lower, 1)
    slide = aside * (near_upper * upper_slope + near_lower * lower_slope) / both
    follow = np.where(
        depth < 0.5,
        UPPER_FOLLOWS + (1 - UPPER_FOLLOWS) * smoothstep(depth, 0, 0.25),
        LOWER_FOLLOWS + (1 - LOWER_FOLLOWS) * smoothstep(1 - depth, 0, 0.40),
    )
    above, below = upper - rows, rows - lower
    follow = np.where(above > 0, UPPER_FOLLOWS * (1 - smoothstep((above - 0.05 * scale) / lid.reach, 0, 1)), follow)
    follow = np.where(below > 0, LOWER_FOLLOWS * (1 - smoothstep(below, 0, 0.25 * scale)), follow)
    # The corners stay; between them the lids bend.
    ends = np.clip(np.minimum(columns - first, last - columns) / (last - first), 0, 1)
    follow = follow * smoothstep(ends, 0.0, 0.28)
    follow = np.maximum(follow, inside * (1 - smoothstep(np.hypot(away, rows - y), rigid, 1.5 * rigid)) * (ends > 0))
    follow = cv2.GaussianBlur(np.asarray(follow, np.float32), (0, 0), max(0.8, 0.015 * scale))
    zero = np.zeros_like(aside)
    shares = np.dstack([aside, zero, slide, follow]).astype(np.float32)
    shares *= 1 - cv2.GaussianBlur(lid.foreground, (0, 0), 1.0)[..., None].astype(np.float32) / 255  # rims stay
    shares[[0, 1, -2, -1]] = 0
    shares[:, [0, 1, -2, -1]] = 0
    # How steeply the share falls on both sides of the iris, half way between the lids.
    middle = np.clip(np.rint((upper + lower) / 2), 0, len(shares) - 1).astype(int)
    slope = np.gradient(aside[middle, np.arange(len(middle))])
    right, left = (max(float(side.max()), 1e-3) for side in (-slope, slope))
    return shares, (min(MAX_PRESSED / right, MAX_DRAWN / left), min(MAX_PRESSED / left, MAX_DRAWN / right))
