"""The skin of a shut lid: its light, the shade of its roundness, a fold, and the grain of the photograph."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync.animation.puppet.curves import luma, smoothstep
from lipsync.animation.puppet.eyelids.cover import LidCover
from lipsync.animation.puppet.eyelids.fit import LidCurves
from lipsync.animation.puppet.eyelids.membrane import screened_membrane
from lipsync.face.topology import CHEEKS

Floats = NDArray[np.float32]

MEMBRANE_EYE_WIDTH = 52
"""Pixels between the corners at which the membrane is solved; a lid's light has no finer detail."""
UPPER_TINT, UPPER_LIGHT = 0.8, 0.55
"""Shares of the skin above the eye in the lid's tint and in its brightness: a lid is upper skin, drawn down."""
FOLD = 0.062
"""Darkness of the fold above a shut lid; without it the lid is a flat patch."""
MAX_GRAIN = 3.5
"""Highest standard deviation of grain, levels of 255."""


def light_on_lid(picture: Floats, curves: LidCurves, cover: LidCover) -> Floats:
    """(h, w, 3) RGB float32: ``picture`` continued smoothly over all that the lid covers."""
    height, width = picture.shape[:2]
    scale = curves.eye_width
    rows = np.arange(height, dtype=np.float32)[:, None]
    # Narrow dark things (hairs, folds) pull less; broad make-up and shadow are the skin's own light.
    weight = np.exp(-np.square(np.maximum(cover.darkness - 0.05, 0) / 0.10))
    weight *= np.where(curves.skin_distance < 3.0, 1, 0.25)
    weight = np.maximum(weight, 0.04).astype(np.float32)
    between = (curves.beyond < 0.05)[None]
    lower_lashes = (rows > curves.lower - 2) & (rows < curves.lower + 0.10 * scale) & between
    weight[cover.non_skin | lower_lashes | (cover.foreground > 0.1)] = 0
    weight_above = weight * (1 - smoothstep(rows - curves.shut, -0.01 * scale, 0.04 * scale))
    shrink = min(1.0, MEMBRANE_EYE_WIDTH / scale)
    size = (max(8, round(width * shrink)), max(8, round(height * shrink)))
    surfaces = []
    for known in (weight, np.asarray(weight_above, np.float32)):
        small = cv2.resize(known, size, interpolation=cv2.INTER_AREA)
        product = cv2.resize(picture * known[..., None], size, interpolation=cv2.INTER_AREA)
        surface = screened_membrane(product / np.maximum(small, 1e-3)[..., None], small)
        surfaces.append(cv2.resize(surface, (width, height), interpolation=cv2.INTER_CUBIC))
    around, above = surfaces
    tint = (1 - UPPER_TINT) * around + UPPER_TINT * above
    target = (1 - UPPER_LIGHT) * luma(around) + UPPER_LIGHT * luma(above)
    return np.asarray(tint * (target / np.maximum(luma(tint), 4))[..., None], np.float32)


def shade_of_lid(curves: LidCurves, height: int) -> Floats:
    """(height, w) factor: lit along the middle of the lid, dark where it turns under, a fold above."""
    scale, upper = curves.eye_width, curves.upper
    rows = np.arange(height, dtype=np.float32)[:, None]
    begin = upper - 0.12 * scale
    place = np.clip((rows - begin) / np.maximum(curves.shut - begin, 1), 0, 1.1)
    across = np.clip(1 - np.square(np.clip(curves.across, -1.2, 1.2)), 0, 1)
    roundness = 0.055 * np.sin(np.pi * np.clip(place, 0, 1)) - 0.02 - 0.13 * smoothstep(place, 0.72, 1.05)
    below_fold = rows - (upper - 0.075 * scale)
    fold = np.exp(-np.square(below_fold / (0.024 * scale)))
    fold -= 0.5 * np.exp(-np.square((below_fold - 0.050 * scale) / (0.032 * scale)))
    ends = np.clip(1 - (np.abs(curves.across) / 1.02) ** 4, 0, 1)
    return np.asarray((1 + across * roundness) * (1 - FOLD * fold * ends), np.float32)


def grain_of_cheek(picture: NDArray[np.uint8], points: NDArray[np.float64], eye: int, seen_width: float) -> Floats:
    """(n, n) luma finer than 0.03 eye widths, relative to its mean, from the calmest of nine squares of the cheek.

    ``picture`` (H, W, 3) RGB; ``seen_width``: the eye's width in its pixels. One fixed square gave stripes where hair
    or a fold lay in it.
    """
    height, width = picture.shape[:2]
    half = max(6, int(0.30 * seen_width))
    center = points[list(CHEEKS[eye])].mean(0)
    calmest: tuple[float, Floats, float] | None = None
    for down in (-0.3, 0.0, 0.3):
        for right in (-0.25, 0.0, 0.25):
            x = int(np.clip(center[0] + right * seen_width, min(half, width // 2), max(width - half, width // 2)))
            y = int(np.clip(center[1] + down * seen_width, min(half, height // 2), max(height - half, height // 2)))
            square = picture[max(0, y - half) : y + half, max(0, x - half) : x + half].astype(np.float32)
            brightness = np.asarray(luma(square), np.float32)
            fine = brightness - cv2.GaussianBlur(brightness, (0, 0), max(1.2, 0.03 * seen_width))
            noise = float(fine.std())
            if calmest is None or noise < calmest[0]:
                calmest = noise, fine, float(brightness.mean())
    assert calmest is not None
    noise, fine, mean = calmest
    strength = min(1.0, MAX_GRAIN / max(noise, 0.1)) / max(mean, 30.0)
    return np.asarray(np.clip(fine, -2.2 * noise, 2.2 * noise) * strength, np.float32)
