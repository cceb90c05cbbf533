"""Blinks: a lid is painted over the eye, out of the portrait's own skin.

Stretching the strip of lid that an open eye shows carries brow, lashes and shadow down over deep-set eyes. So
the shut lid is painted once: its colour runs from the skin above the eye to the skin below it, so that it lies
in the same light as both; its grain is from below the eye; it begins well below the brow. A frame draws the
upper part of it, squeezed to where the edge of the lid is.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync.animate.puppet.curves import luma, pixels_inside, resample, smoothstep
from lipsync.animate.puppet.eye_cover import eyes_are_covered
from lipsync.face.topology import BROWS_LOWER, CHEEKS, LID_CREASES, LOWER_LIDS, UPPER_LIDS
from lipsync.media.frame import Frame, half_size, yuv_of

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]

LEAST_OPEN = 0.12
"""An eye less open than this share of its width is shut or squinting in the portrait: it does not blink."""
_SHUT = 1.02
"""How far down the eye's opening the lids meet: a trace beyond the mesh's lower lid, or white would show."""


@dataclass(frozen=True)
class Eyelid:
    """One eye's lid. Rows and columns are those of a rectangle of the resting portrait."""

    left: int
    """Of the rectangle, pixels, even."""
    top: int
    skin: Bytes
    """(h, w, 3) RGB: the lid when it is shut."""
    start: Floats
    """(w,) row in each column where the lid begins."""
    fade: float
    """Rows over which it comes in."""
    open_edge: Floats
    """(w,) row of the lid's edge in the portrait."""
    shut_edge: Floats
    """(w,) row of the edge when it is shut."""
    lash: Floats
    """(3,) RGB of the lashes."""
    lash_width: float
    """Pixels."""


def build_eyelids(picture: Bytes, points: NDArray[np.float64], softness: float) -> tuple[Eyelid, ...]:
    """Both lids, or none where they could not be painted well: eyes shut, hidden, in dark sockets.

    ``picture`` (H, W, 3) RGB, ``points`` (468, 2) landmarks in pixels; ``softness``: the blur of drawn lines, pixels.
    """
    if eyes_are_covered(picture, points):
        return ()
    # Each eye has its own cheek: one side of a face is often in the shade.
    lids = [
        _build_eyelid(
            picture,
            points[list(UPPER_LIDS[eye])],
            points[list(LOWER_LIDS[eye])],
            points[list(LID_CREASES[eye])],
            points[list(BROWS_LOWER[eye])],
            np.median(pixels_inside(picture, points[list(CHEEKS[eye])]), axis=0).astype(np.float32),
            softness,
        )
        for eye in (0, 1)
    ]
    # One eye alone would wink.
    return tuple(lid for lid in lids if lid is not None) if None not in lids else ()


def blink(source: Frame, lids: tuple[Eyelid, ...], shut: tuple[float, float]) -> list[tuple[slice, slice]]:
    """Paint the lids into ``source``, the resting portrait, in place; ``shut`` 0-1 for each.

    Returns the rectangles (rows, columns) that were painted, for putting the portrait's own pixels back.
    """
    painted = []
    for lid, amount in zip(lids, shut, strict=True):
        if amount <= 0.01:
            continue
        height, width = lid.skin.shape[:2]
        rows = slice(lid.top, lid.top + height)
        columns = slice(lid.left, lid.left + width)
        _paint_lid(source, lid, amount)
        painted.append((rows, columns))
    return painted


def _paint_lid(source: Frame, lid: Eyelid, amount: float) -> None:
    height, width = lid.skin.shape[:2]
    rows = np.arange(height, dtype=np.float32)[:, None]
    edge = lid.open_edge + (lid.shut_edge - lid.open_edge) * np.float32(amount)
    way = edge - lid.open_edge
    # Rows of the shut lid, squeezed into what the lid covers now; its edge stays its edge.
    share = (rows - lid.start) / np.maximum(edge - lid.start, 1e-3)
    from_rows = lid.start + np.minimum(share, 1.2) * (lid.shut_edge - lid.start)
    columns = np.broadcast_to(np.arange(width, dtype=np.float32)[None], from_rows.shape)
    skin = cv2.remap(
        lid.skin,
        np.ascontiguousarray(columns),
        np.ascontiguousarray(from_rows, np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    ).astype(np.float32)
    lash = np.exp(-(((rows - edge) / lid.lash_width) ** 2)) * smoothstep(way, 0.3, 3 * lid.lash_width)
    shade = 1 - 0.62 * lash
    colour = skin * shade[..., None] + lid.lash * (0.62 * lash)[..., None]
    below = np.clip(edge - rows + 0.5, 0, 1)
    come_in = smoothstep(rows - lid.start, 0, lid.fade)
    there = smoothstep(way, 0.2, 1.5) * float(smoothstep(amount, 0, 0.25))
    alpha = np.maximum(below * come_in * there, 0.75 * lash * (rows > edge))
    _blend(source, lid, colour, alpha.astype(np.float32), rows, edge, way)


def _blend(
    source: Frame, lid: Eyelid, colour: Floats, alpha: Floats, rows: Floats, edge: Floats, way: Floats
) -> None:
    height, width = alpha.shape
    y = source.y[lid.top : lid.top + height, lid.left : lid.left + width]
    uv = source.uv[lid.top // 2 : (lid.top + height) // 2, lid.left // 2 : (lid.left + width) // 2]
    yuv = yuv_of(np.ascontiguousarray(colour, np.float32))
    # The lid's shadow on the eye below it.
    depth = 2.5 * lid.lash_width
    shadow = 0.25 * np.exp(-(((rows - edge) / depth) ** 2)) * (rows > edge) * smoothstep(way, 0.3, depth)
    shaded = 16 + (y - 16.0) * (1 - shadow)
    y[:] = np.clip(np.round(shaded + (yuv[..., 0] - shaded) * alpha), 16, 235).astype(np.uint8)
    half = half_size(np.ascontiguousarray(np.dstack([yuv[..., 1:] * alpha[..., None], alpha]), np.float32))
    uv[:] = np.clip(np.round(uv * (1 - half[..., 2:]) + half[..., :2]), 16, 240).astype(np.uint8)


def _build_eyelid(
    picture: Bytes,
    upper_lid: NDArray[np.float64],
    lower_lid: NDArray[np.float64],
    crease: NDArray[np.float64],
    brow: NDArray[np.float64],
    cheek: Floats,
    softness: float,
) -> Eyelid | None:
    height, width = picture.shape[:2]
    eye_width = float(np.linalg.norm(upper_lid[-1] - upper_lid[0]))
    low = np.minimum(upper_lid.min(0), crease.min(0)) - np.array([0.16, 0.35]) * eye_width
    high = lower_lid.max(0) + np.array([0.16, 0.60]) * eye_width
    left, top = (2 * int(value // 2) for value in low)
    right, bottom = (2 * int(np.ceil(value / 2)) for value in high)
    if left < 0 or top < 0 or right > width or bottom > height or eye_width < 12:
        return None
    columns = np.arange(left, right)

    def line(points: NDArray[np.float64]) -> Floats:
        curve = resample(points, 41)
        order = np.argsort(curve[:, 0])
        return np.asarray(np.interp(columns, curve[order, 0], curve[order, 1]) - top, np.float32)

    upper, lower, fold, brow_edge = line(upper_lid), line(lower_lid), line(crease), line(brow)
    lower = np.maximum(lower, upper)
    if float((lower - upper).max()) < LEAST_OPEN * eye_width:
        return None
    patch = picture[top:bottom, left:right].astype(np.float32)
    below = _skin_below(patch, lower, eye_width)
    if not _is_skin(below, cheek):
        return None
    # The lid begins above the lashes, and well below the brow.
    strip = np.clip(upper - fold, 0.04 * eye_width, 0.16 * eye_width)
    start = np.maximum(upper - np.maximum(strip, 0.15 * eye_width), (upper + brow_edge) / 2)
    start = np.minimum(start, upper - 0.04 * eye_width)
    start = cv2.GaussianBlur(start[None], (0, 0), 0.06 * eye_width)[0]
    above = _skin_above(patch, start, below, eye_width)
    shut = upper + _SHUT * (lower - upper) + 0.02 * eye_width * smoothstep(lower - upper, 0, 0.1 * eye_width)
    skin = _paint_shut(patch, (above, below), start, shut, lower, eye_width)
    eye = pixels_inside(picture, np.concatenate([upper_lid, lower_lid]))
    lash = np.percentile(eye, 8, axis=0) * 0.8
    return Eyelid(
        left,
        top,
        skin,
        start.astype(np.float32),
        max(1.5, 0.08 * eye_width),
        upper,
        shut.astype(np.float32),
        lash.astype(np.float32),
        max(0.8, 0.022 * eye_width, 0.9 * softness),
    )


def _skin_below(patch: Floats, lower: Floats, eye_width: float) -> Floats:
    """(w, 3) colour of the skin below the eye in each column, smooth along the eye."""
    offsets = np.linspace(0.12, 0.30, 7) * eye_width
    rows = np.clip(lower[None] + offsets[:, None], 0, len(patch) - 1).astype(int)
    samples = patch[rows, np.arange(patch.shape[1])[None]]
    colour = np.median(samples, axis=0).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(colour[None], (0, 0), 0.12 * eye_width)[0], np.float32)


def _skin_above(patch: Floats, start: Floats, below: Floats, eye_width: float) -> Floats:
    """(w, 3) colour where the lid begins; never as dark as a brow or lashes that lie there."""
    offsets = np.linspace(-0.05, 0.01, 5) * eye_width
    rows = np.clip(start[None] + offsets[:, None], 0, len(patch) - 1).astype(int)
    colour = np.median(patch[rows, np.arange(patch.shape[1])[None]], axis=0)
    colour = cv2.GaussianBlur(np.asarray(colour, np.float32)[None], (0, 0), 0.10 * eye_width)[0]
    brightness, least = luma(colour), 0.62 * luma(below)
    lack = np.clip((least - brightness) / np.maximum(luma(below) - brightness, 1), 0, 1)
    return np.asarray(colour + (below - colour) * lack[:, None], np.float32)


def _is_skin(colour: Floats, cheek: Floats) -> bool:
    """Whether most of ``colour`` (w, 3) looks like the cheek's skin: no frame, no deep shadow."""
    ratio = luma(colour) / max(float(luma(cheek)), 1.0)
    tint = np.abs(colour / luma(colour)[:, None].clip(1) - cheek / max(float(luma(cheek)), 1.0)).max(1)
    good = (ratio > 0.3) & (ratio < 1.6) & (tint < 0.35)
    return bool(good.mean() > 0.7)


def _paint_shut(
    patch: Floats,
    colours: tuple[Floats, Floats],
    start: Floats,
    shut: Floats,
    lower: Floats,
    eye_width: float,
) -> Bytes:
    """(h, w, 3) the shut lid, painted on the whole rectangle; only rows from ``start`` to ``shut`` are used."""
    height, width = patch.shape[:2]
    rows = np.arange(height, dtype=np.float32)[:, None]
    place = np.clip((rows - start) / np.maximum(shut - start, 1), 0, 1.2)
    above, below = colours
    share = smoothstep(place, -0.15, 1.15)[..., None]
    # Round: most light in the middle, least where it turns under, at the lashes.
    shade = 0.96 + 0.06 * np.sin(np.pi * np.clip(place, 0, 1)) - 0.10 * smoothstep(place, 0.7, 1.05)
    painted = (above + (below - above) * share) * shade[..., None]
    # Grain: what is fine in the skin below the eye, turned upside down.
    fine = patch - cv2.GaussianBlur(patch, (0, 0), max(1.0, 0.05 * eye_width))
    mirrored = np.clip(lower[None] + 0.10 * eye_width + np.abs(shut[None] - rows), 0, height - 1).astype(int)
    grain = np.clip(fine[mirrored, np.arange(width)[None]], -14, 14)
    return np.asarray(np.clip(painted + grain, 0, 255), np.uint8)
