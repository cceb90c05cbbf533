"""The inside of the mouth, prepared once: layers that a frame lays over each other.

From back to front: the dark of the cavity, the tongue, the lower teeth (they and the tongue move with the jaw), the
upper teeth (they move with the head alone), and, of a portrait that smiles, its own teeth over all of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync.animate.puppet.curves import luma, smoothstep
from lipsync.animate.puppet.motion import Motion
from lipsync.animate.puppet.palette import Palette, study_colours
from lipsync.animate.puppet.teeth import LOWER_ARCH, UPPER_ARCH, Project, draw_arch
from lipsync.face.pose import HeadFit, fit_head
from lipsync.face.topology import CHIN, LIPS, LOWER_LIP, UPPER_LIP
from lipsync.face.types import Portrait

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]

EYE_DISTANCE_MM = 90.0
"""Between the outer eye corners of an adult (Farkas 1994: 88 mm in women, 91 mm in men)."""
_LOWER_TEETH = 0.82
"""Brightness of the lower teeth against the upper: they stand further back, and face upwards."""


@dataclass(frozen=True)
class Interior:
    """Layers over one rectangle of the resting portrait, premultiplied RGB and alpha, 0-255."""

    left: int
    """Of the rectangle, pixels of the portrait."""
    top: int
    cavity: Bytes
    """(h, w, 3)."""
    tongue: Bytes
    """(h, w, 4)."""
    lower_teeth: Bytes
    """(h, w, 4)."""
    upper_teeth: Bytes
    """(h, w, 4)."""
    own_teeth: Bytes
    """(h, w, 4) what the open mouth of the portrait shows; (0, 0, 4) when it is shut."""
    own_lower: Bytes
    """(h, w, 4) the part of it that moves with the jaw; (0, 0, 4) when there is none."""
    palette: Palette
    millimetre: float
    """Pixels in a millimetre."""
    jaw_path: Floats
    """(2,) pixels that the lower teeth move at jawOpen = 1."""
    jaw_at_rest: float
    """How far the jaw of the portrait is open, as jawOpen."""


def build_interior(portrait: Portrait, motion: Motion) -> Interior:
    """Draw the layers for a portrait."""
    mouth, distance = motion.mouth, motion.eye_distance
    palette = study_colours(portrait.picture, mouth, distance)
    lips = mouth.points[list(LIPS)]
    left, top = np.floor(lips.min(0) - 0.10 * distance).astype(int)
    right, bottom = np.ceil(lips.max(0) + np.array([0.10, 0.42]) * distance).astype(int)
    size = (int(right - left), int(bottom - top))
    millimetre = distance / EYE_DISTANCE_MM
    # Where the lips meet, in the middle; of an open mouth somewhat below the upper lip.
    middle = mouth.points[UPPER_LIP[3][5]].copy()
    if mouth.is_open:
        middle = mouth.points[UPPER_LIP[3][5]] * 0.55 + mouth.points[LOWER_LIP[3][5]] * 0.45
    fit = fit_head(portrait.landmarks)
    project = _projection(fit, middle - [left, top])
    finer = 4 if distance < 220 else 2

    def soften(layer: Floats) -> Bytes:
        blurred = cv2.GaussianBlur(layer, (0, 0), palette.softness)
        blurred[..., 3] *= 255
        return _as_bytes(np.round(blurred))

    upper = draw_arch(UPPER_ARCH, project, size, palette.tooth, palette.gum, finer)
    lower = draw_arch(LOWER_ARCH, project, size, palette.tooth * np.float32(_LOWER_TEETH), palette.gum, finer)
    across, below = _mouth_axes(size, middle - [left, top], motion)
    own, own_lower = _own_teeth(portrait.picture, motion, (int(left), int(top)), size, palette)
    jaw_reach = float(np.linalg.norm(motion.jaw_open[CHIN])) + 1e-6
    return Interior(
        int(left),
        int(top),
        _draw_cavity(across, below, millimetre, palette),
        soften(_draw_tongue(across, below, millimetre, palette)),
        soften(lower),
        soften(upper),
        own,
        own_lower,
        palette,
        millimetre,
        (motion.jaw_open[LOWER_LIP[3][5]] * 0.93).astype(np.float32),
        float(np.linalg.norm(mouth.closing[CHIN])) / jaw_reach,
    )


def _projection(fit: HeadFit, middle: NDArray[np.float64]) -> Project:
    """Millimetres from the middle of the lips to pixels of the layers."""

    def project(places: NDArray[np.floating]) -> NDArray[np.floating]:
        turned = fit.turn(np.asarray(places) / EYE_DISTANCE_MM)
        return np.asarray(middle + turned[..., :2])

    return project


def _mouth_axes(size: tuple[int, int], middle: NDArray[np.float64], motion: Motion) -> tuple[Floats, Floats]:
    """For each pixel of the layers how far it is from the middle along the mouth and below it, in pixels."""
    x, y = np.meshgrid(np.arange(size[0]) - middle[0], np.arange(size[1]) - middle[1])
    mouth = motion.mouth
    across = x * mouth.along[0] + y * mouth.along[1]
    below = x * mouth.down[0] + y * mouth.down[1]
    return across.astype(np.float32), below.astype(np.float32)


def _draw_cavity(across: Floats, below: Floats, millimetre: float, palette: Palette) -> Bytes:
    """Dark at the top and to the sides, lighter below, where the floor of the mouth catches light."""
    lower = smoothstep(below, -4 * millimetre, 22 * millimetre)
    sides = np.clip(1.05 - 0.6 * (across / (30 * millimetre)) ** 2, 0.2, 1)
    shaded = palette.cavity * ((0.5 + 0.75 * lower) * sides)[..., None]
    return _as_bytes(shaded)


def _draw_tongue(across: Floats, below: Floats, millimetre: float, palette: Palette) -> Floats:
    """A rounded body with a furrow and a highlight; alpha 0-1."""
    half_width, half_height, top = 19 * millimetre, 9 * millimetre, -2.8 * millimetre
    inside = (across / half_width) ** 2 + ((below - top - half_height) / half_height) ** 2
    body = np.clip((1 - inside) * 3, 0, 1)
    trunk = (below > top + half_height) & (np.abs(across) < half_width)
    alpha = np.maximum(body, trunk).astype(np.float32)
    alpha = cv2.GaussianBlur(alpha, (0, 0), max(palette.softness, 1.1 * millimetre))
    height = (below - top - 0.6 * half_height) / (0.55 * half_height)
    highlight = 0.5 * np.exp(-(height**2)) * np.exp(-((across / (half_width * 0.7)) ** 2))
    furrow = 0.16 * np.exp(-((across / (half_width * 0.10)) ** 2))
    shade = 0.66 + highlight - furrow
    return np.asarray(np.dstack([palette.tongue * (shade * alpha)[..., None], alpha]), np.float32)


def _own_teeth(
    picture: Bytes, motion: Motion, origin: tuple[int, int], size: tuple[int, int], palette: Palette
) -> tuple[Bytes, Bytes]:
    """What an open mouth shows, as layers: the upper part (or all of it), and what moves with the jaw."""
    mouth, none = motion.mouth, np.zeros((0, 0, 4), np.uint8)
    if not mouth.is_open:
        return none, none
    width, height = size
    source = _padded_crop(picture, origin, size)
    outline = np.concatenate([mouth.visible_upper, mouth.visible_lower[::-1]]) - origin
    mask = np.zeros((height * 4, width * 4), np.uint8)
    cv2.fillPoly(mask, [np.round((outline + 0.5) * 4 * 16 - 8).astype(np.int32)], 255, cv2.LINE_AA, 4)
    inside = cv2.resize(mask, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    inside = cv2.erode(inside, np.ones((3, 3), np.uint8))
    # Teeth go on under the upper lip: when it rises, the topmost row seen is drawn on, darker.
    filled, alpha = source.copy(), inside.copy()
    for column in range(width):
        rows = np.flatnonzero(inside[:, column] > 0.9)
        if len(rows) and rows[0] > 0:
            first = rows[0]
            filled[:first, column] = source[first, column] * np.linspace(0.7, 0.95, first)[:, None]
            alpha[:first, column] = 1
    middle = (mouth.upper + mouth.lower) / 2 - origin
    middle_row = np.interp(np.arange(width), middle[:, 0], middle[:, 1])
    from_middle = np.arange(height)[:, None] - middle_row[None]
    # What is left of the lower lip below the teeth is told by its colour, and cut.
    toward_tooth = palette.tooth - palette.lip
    tooth_like = ((source - palette.lip) @ toward_tooth) / (float(toward_tooth @ toward_tooth) + 1e-6)
    dark = luma(source) < float(luma(palette.lip)) * 0.55
    keep = np.maximum(smoothstep(tooth_like, 0.25, 0.6), dark.astype(np.float32))
    lower_part = smoothstep(from_middle / (mouth.gap * motion.eye_distance), -0.05, 0.12)
    alpha = alpha * (1 - lower_part * (1 - keep))
    alpha = cv2.GaussianBlur(alpha.astype(np.float32), (0, 0), max(0.8, 0.008 * motion.eye_distance))[..., None]
    layer = np.concatenate([filled * alpha, alpha * 255], 2)
    if mouth.wide <= 0.3:
        return _as_bytes(layer), none
    above = cv2.GaussianBlur((from_middle < 0).astype(np.float32), (0, 0), max(1.0, 0.01 * motion.eye_distance))
    halves = (layer * above[..., None], layer * (1 - above[..., None]))
    return _as_bytes(halves[0]), _as_bytes(halves[1])


def _padded_crop(picture: Bytes, origin: tuple[int, int], size: tuple[int, int]) -> Floats:
    """(h, w, 3) of the picture, its border repeated where the rectangle leaves it."""
    rows = np.clip(np.arange(origin[1], origin[1] + size[1]), 0, picture.shape[0] - 1)
    columns = np.clip(np.arange(origin[0], origin[0] + size[0]), 0, picture.shape[1] - 1)
    return np.asarray(picture[np.ix_(rows, columns)], np.float32)


def _as_bytes(values: NDArray[np.floating]) -> Bytes:
    return np.asarray(np.clip(values, 0, 255), np.uint8)
