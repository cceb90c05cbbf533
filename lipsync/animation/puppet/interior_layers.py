"""Draws the layers of the inside of a mouth (:mod:`lipsync.animation.puppet.interior`), once."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync.animation.puppet.curves import smoothstep
from lipsync.animation.puppet.interior import Bytes, Floats, Interior
from lipsync.animation.puppet.motion import Motion
from lipsync.animation.puppet.own_teeth import cut_upper_teeth, light_beside_own_teeth
from lipsync.animation.puppet.palette import Palette, study_colours
from lipsync.animation.puppet.teeth import LOWER_ARCH, UPPER_ARCH, Project, draw_arch
from lipsync.face.pose import HeadFit
from lipsync.face.topology import LIPS, LOWER_LIP, UPPER_LIP
from lipsync.face.types import Portrait

EYE_DISTANCE_MM = 90.0
"""Between the outer eye corners of an adult (Farkas 1994: 88 mm in women, 91 mm in men)."""
_BEHIND_OWN = 1.2
"""Millimetres that the edge of drawn upper teeth is above the portrait's own."""
_LOWER_TEETH = 0.82
"""Brightness of the lower teeth against the upper: they stand further back, and face upwards."""


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
    project = _projection(portrait.head, middle - [left, top])
    finer = 4 if distance < 220 else 2

    def soften(layer: Floats) -> Bytes:
        blurred = cv2.GaussianBlur(layer, (0, 0), palette.softness)
        blurred[..., 3] *= 255
        return _as_bytes(np.round(blurred))

    own, own_edge = cut_upper_teeth(portrait.picture, mouth, distance, (int(left), int(top)), size, palette)
    upper_project = project
    if own.size:
        # Drawn teeth go on where the portrait's own end towards the corners, a little higher than those.
        edge = float(project(np.array([0.0, UPPER_ARCH.edge, UPPER_ARCH.front]))[1])
        raised = middle - [left, top] + [0, own_edge - edge - _BEHIND_OWN * millimetre]
        upper_project = _projection(portrait.head, raised)
    upper = draw_arch(UPPER_ARCH, upper_project, size, palette.tooth, palette.gum, finer)
    lower = draw_arch(LOWER_ARCH, project, size, palette.tooth * np.float32(_LOWER_TEETH), palette.gum, finer)
    if own.size:
        light = light_beside_own_teeth(own, upper)
        upper[..., :3] *= light
        lower[..., :3] *= light
    across, below = _mouth_axes(size, middle - [left, top], motion)
    return Interior(
        int(left),
        int(top),
        _draw_cavity(across, below, millimetre, palette),
        soften(_draw_tongue(across, below, millimetre, palette)),
        soften(lower),
        soften(upper),
        own,
        palette,
        millimetre,
        (motion.jaw_open[LOWER_LIP[3][5]] * 0.93).astype(np.float32),
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


def _as_bytes(values: NDArray[np.floating]) -> Bytes:
    return np.asarray(np.clip(values, 0, 255), np.uint8)
