"""What of an open eye a shut lid covers (opening, lashes, liner), and what it must leave (rims, light on a lens)."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync.animation.puppet.curves import luma, smoothstep
from lipsync.animation.puppet.eyelids.fit import LidCurves
from lipsync.animation.puppet.eyelids.rims import find_thin_rims

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

LASH_DARKNESS, LINER_DARKNESS, TIP_DARKNESS = 0.10, 0.22, 0.055
"""Relative darkness against the surroundings of hairs, of broad liner, and of the tips of hairs at the temple."""
MAX_GLINT = 0.35
"""Eye widths: side of the square as large as the largest light on a lens; what is larger is lit skin."""
_BAND_ABOVE, _BAND_BELOW = 0.055, 0.05
"""Eye widths that are covered above and below the opening in any case."""
_TEMPLE = 0.50
"""Eye widths beyond the outer corner in which the tips of long lashes are looked for."""


@dataclass(frozen=True)
class LidCover:
    """Masks (h, w) of one eye's levelled frame."""

    non_skin: Mask
    """What is not skin and has to vanish when the lid is shut."""
    alpha: Floats
    """0-1: where the lid replaces the picture, with what is smoothed above it."""
    foreground: Floats
    """0-1: rims, hair and light on a lens, which lie over the lid."""
    darkness: Floats
    """0-1: how much darker than their surroundings narrow things are."""
    hairs: Floats
    """0-1: the same of upright hairs only."""


def plan_cover(picture: Floats, curves: LidCurves, *, has_glasses: bool) -> LidCover:
    """Find them in ``picture`` (h, w, 3) RGB float32; ``has_glasses``: thin lines around the eye are rims."""
    scale, height = curves.eye_width, len(picture)
    rows = np.arange(height, dtype=np.float32)[:, None]
    brightness = np.asarray(luma(picture), np.float32)
    soft = cv2.GaussianBlur(brightness, (0, 0), max(0.3, 0.006 * scale))
    local = np.maximum(cv2.GaussianBlur(brightness, (0, 0), 0.1 * scale), 20)
    side = int(0.16 * scale) | 1
    hairs = cv2.morphologyEx(soft, cv2.MORPH_BLACKHAT, np.ones((1, side), np.uint8)) / local
    darkness = _darkness(brightness, soft, int(0.22 * scale) | 1)
    between = (curves.beyond < 0.05)[None]
    skin = float(np.median(brightness[curves.skin_ring]))
    rims = _find_rims(brightness, curves, rows, between, skin)
    if has_glasses:
        rims |= curves.upper_rim & (rows < curves.upper + 0.02 * scale)
        rims |= find_thin_rims(
            picture, scale, (rows < curves.upper - 0.12 * scale) | (curves.beyond > 0.10), curves.beyond
        )
    non_skin = _find_non_skin(curves, rows, hairs, darkness, between) & ~rims
    touching = _components_touching(non_skin, _band(curves, rows, between))
    non_skin = touching | _find_tips(curves, rows, brightness, soft, touching, rims)
    grown = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * int(0.02 * scale) + 1,) * 2)
    hard = cv2.dilate(non_skin.astype(np.uint8), grown)
    alpha = cv2.GaussianBlur(
        cv2.dilate(hard, np.ones((3, 3), np.uint8)).astype(np.float32), (0, 0), max(0.3, 0.022 * scale)
    )
    alpha = np.maximum(alpha, cv2.GaussianBlur(_smoothing_share(curves, rows), (0, 0), 0.02 * scale))
    foreground = np.zeros_like(brightness)
    if has_glasses:
        foreground = _find_glints(brightness, curves, rows, between, skin).astype(np.float32)
        foreground = cv2.GaussianBlur(cv2.dilate(foreground, np.ones((3, 3), np.uint8)), (0, 0), 0.8)
    if rims.any():
        foreground = np.maximum(foreground, cv2.GaussianBlur(rims.astype(np.float32), (0, 0), 0.8))
    return LidCover(hard > 0, _fade_at_border(alpha), np.asarray(foreground, np.float32), darkness, np.asarray(hairs))


def components(mask: Mask) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """(h, w) labels and (n, 5) statistics of the connected parts; label 0 is what is not in ``mask``."""
    _, labels, statistics, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    return labels, statistics


def _select(labels: NDArray[np.int32], chosen: NDArray[np.integer]) -> Mask:
    table = np.zeros(int(labels.max()) + 1, bool)
    table[chosen] = True
    table[0] = False
    return np.asarray(table[labels], bool)


def _components_touching(mask: Mask, seed: Mask) -> Mask:
    labels, _ = components(mask)
    return _select(labels, np.unique(labels[seed]))


def _darkness(brightness: Floats, soft: Floats, side: int) -> Floats:
    closed = cv2.morphologyEx(soft, cv2.MORPH_CLOSE, np.ones((side, side), np.uint8))
    return np.asarray(np.clip((closed - brightness) / np.maximum(closed, 20), 0, 1), np.float32)


def _band(curves: LidCurves, rows: Floats, between: Mask) -> Mask:
    scale = curves.eye_width
    band = (rows > curves.upper - _BAND_ABOVE * scale) & (rows < curves.lower + _BAND_BELOW * scale) & between
    return np.asarray(band)


def _find_non_skin(curves: LidCurves, rows: Floats, hairs: Floats, darkness: Floats, between: Mask) -> Mask:
    scale, upper, lower, beyond = curves.eye_width, curves.upper, curves.lower, curves.beyond
    top = np.maximum(upper - 0.30 * scale, curves.brow + 0.06 * scale)
    bottom = lower + 0.04 * scale + 0.10 * scale * smoothstep(beyond, 0, 0.1)
    found = (hairs > LASH_DARKNESS) & (rows > top) & (rows < bottom)
    found |= _band(curves, rows, between)
    found |= (darkness > LINER_DARKNESS) & (rows > upper - 0.17 * scale) & (rows < lower) & between
    away = np.abs(rows - curves.corner_line)
    tails = (darkness > 0.06) & (away < 0.13 * scale * np.clip(1 - beyond / 0.26, 0, 1))
    tails |= away < 0.05 * scale * np.clip(1 - beyond / 0.14, 0, 1)
    return np.asarray(found | (tails & ~between))


def _find_tips(
    curves: LidCurves, rows: Floats, brightness: Floats, soft: Floats, hairs: Mask, foreground: Mask
) -> Mask:
    """Tips of long lashes: narrow darkness at the temple that hangs on what was found before."""
    scale, across = curves.eye_width, curves.across
    narrow = _darkness(brightness, soft, int(0.13 * scale) | 1)
    outward = np.clip((across - 0.45) / 0.55, 0, 1)
    top = np.maximum(curves.upper - 0.36 * scale * outward, curves.brow + 0.05 * scale)
    room = (across > 0.45) & (curves.beyond < _TEMPLE)
    zone = (rows > top) & (rows < curves.corner_line + 0.06 * scale) & room
    seed = cv2.dilate(hairs.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    return _components_touching(((narrow > TIP_DARKNESS) & zone & ~foreground) | (hairs & zone), seed & zone)


def _find_rims(brightness: Floats, curves: LidCurves, rows: Floats, between: Mask, skin: float) -> Mask:
    """Large dark things that come in from the border of the frame: rims of glasses, hair."""
    scale, (height, width) = curves.eye_width, brightness.shape
    dark = brightness < 0.5 * skin
    tails = (np.abs(rows - curves.corner_line) < 0.12 * scale) & (curves.beyond < 0.2)
    rim = np.zeros(brightness.shape, bool)
    for above, must_span in ((0.20, False), (0.10, True)):
        own = (rows > curves.upper - above * scale) & (rows < curves.lower + 0.06 * scale) & between
        labels, statistics = components(dark & ~own & ~tails)
        at_border = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
        at_border = at_border[at_border > 0]
        if must_span:  # a rim runs over the whole eye; a lid's dark border that hangs on hair does not
            wide = statistics[at_border, cv2.CC_STAT_WIDTH] > 0.7 * width
            at_border = at_border[wide & (statistics[at_border, cv2.CC_STAT_HEIGHT] < 0.6 * height)]
        rim |= _select(labels, at_border)
    if not rim.any():
        return rim
    # What lies beside a corner belongs to the hair or rim that comes down or up to it there.
    column = np.ones((2 * int(0.14 * scale) + 1, 1), np.uint8)
    rim |= (cv2.dilate(rim.astype(np.uint8), column) > 0) & tails
    return np.asarray(cv2.dilate(rim.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0)


def _find_glints(brightness: Floats, curves: LidCurves, rows: Floats, between: Mask, skin: float) -> Mask:
    """Light on a lens, with what of it crosses the opening; light that is mostly inside is the eye's own."""
    scale = curves.eye_width
    labels, statistics = components(brightness > 1.35 * skin + 25)
    inside = (rows > curves.upper - 0.04 * scale) & (rows < curves.lower + 0.05 * scale) & between
    own = np.bincount(labels[inside], minlength=len(statistics))
    area = statistics[:, cv2.CC_STAT_AREA]
    is_glint = (own <= 0.3 * area) & (area > (0.02 * scale) ** 2) & (area < (MAX_GLINT * scale) ** 2)
    return _select(labels, np.flatnonzero(is_glint))


def _smoothing_share(curves: LidCurves, rows: Floats) -> Floats:
    """(h, w) above the lid, fold and shadow are smoothed in part, since the skin there is drawn out."""
    scale, upper = curves.eye_width, curves.upper
    reach = np.clip(np.minimum(0.26 * scale, 0.75 * (upper - curves.brow)), 0.08 * scale, None)
    share = 0.55 * smoothstep((rows - (upper - reach)) / reach, 0, 0.75) * (rows < curves.lower)
    ends = 1 - smoothstep(np.abs(curves.across), 0.8, 1.24)
    return np.asarray(share * ends, np.float32)


def _fade_at_border(mask: Floats) -> Floats:
    """Nothing is painted at the border of the frame."""
    faded = mask.copy()
    for depth in range(4):
        factor = np.float32(depth / 4)
        faded[depth] *= factor
        faded[-1 - depth] *= factor
        faded[:, depth] *= factor
        faded[:, -1 - depth] *= factor
    return np.clip(faded, 0, 1)
