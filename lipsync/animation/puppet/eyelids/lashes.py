"""The lashes of an open eye as a layer in lid coordinates: columns of the frame, rows of distance above the edge.

A closure lays the layer at the lid's new edge and turns it, from up to down.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync.animation.puppet.curves import luma, smoothstep
from lipsync.animation.puppet.eyelids.cover import LidCover
from lipsync.animation.puppet.eyelids.fit import LidCurves

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Lashes:
    """What rides on the edge of a lid."""

    density: Floats
    """(n, w) 0-1; row ``edge_row`` is the lid's edge, smaller rows lie above it."""
    edge_row: int
    colour: Floats
    """(3,) RGB."""
    line: Floats
    """(w,) 0-1: strength of the line where shut lids meet."""
    thickness: float
    """Thickness of that line, pixels of the frame."""
    band: float
    """Thickness of the dark edge of the open lid, eye widths."""
    blur: float
    """Standard deviation of the photograph's own blur at the lids, pixels of the frame."""


def build_lashes(picture: Floats, light: Floats, curves: LidCurves, cover: LidCover) -> Lashes:
    """Take them off ``picture`` (h, w, 3) RGB float32: what is darker than ``light``, the lid under them."""
    scale, upper, across = curves.eye_width, curves.upper, curves.across
    height, width = picture.shape[:2]
    rows = np.arange(height, dtype=np.float32)[:, None]
    between = (curves.beyond < 0.05)[None]
    eye = picture[(rows > upper - 0.03 * scale) & (rows < curves.lower) & between]
    colour = np.percentile(eye, 6, axis=0).astype(np.float32)
    darkest, lid, seen = float(luma(colour)), np.asarray(luma(light)), np.asarray(luma(picture), np.float32)
    dark = np.asarray(np.clip((lid - seen) / np.maximum(lid - darkest, 12), 0, 1), np.float32)
    band = _band_thickness(dark, curves)
    blur = _photo_blur(seen, curves, rows, between)
    density = _density(dark, curves, cover, rows)
    # Into lid coordinates: row r lies edge_row - r above the edge.
    edge_row = int(0.40 * scale)
    count = edge_row + int(0.06 * scale)
    above = edge_row - np.arange(count, dtype=np.float32)[:, None]
    columns = np.broadcast_to(np.arange(width, dtype=np.float32), (count, width))
    layer = cv2.remap(density, np.ascontiguousarray(columns), np.asarray(upper - above, np.float32), cv2.INTER_LINEAR)
    layer = _lay_band_on_edge(layer, edge_row, np.abs(across) < 0.7, int(0.13 * scale))
    layer *= smoothstep(above, -0.05 * scale, 0.0)  # nothing of the iris
    fringe = float(np.clip((band - 0.025) / 0.07, 0, 1)) * 0.85
    if fringe > 0.05:
        drawn = _draw_fringe(curves, above, fringe)
        layer = np.maximum(layer, cv2.GaussianBlur(drawn, (0, 0), max(0.5, 0.35 * blur)))
    reach = np.where(across > 0, (np.abs(across) / 1.14) ** 2.6, (np.abs(across) / 1.04) ** 2)
    line = np.clip(1 - reach, 0, 1) ** 0.75 * (0.86 + 0.14 * np.clip(across, -1, 1))
    thickness = max(0.9, float(np.clip(0.010 + 0.30 * band, 0.014, 0.036)) * scale, blur)
    return Lashes(np.asarray(layer, np.float32), edge_row, colour, line.astype(np.float32), thickness, band, blur)


def _density(dark: Floats, curves: LidCurves, cover: LidCover, rows: Floats) -> Floats:
    """(h, w) of the picture: narrow darkness above the lid's edge, and no plain shadow of the corners."""
    scale, across = curves.eye_width, curves.across
    density = np.clip((dark - 0.18) / 0.72, 0, 1) * cover.alpha * (1 - cover.foreground)
    corner = smoothstep(np.abs(across), 0.72, 0.92)
    is_hair = smoothstep(cv2.GaussianBlur(cover.hairs, (0, 0), max(0.3, 0.015 * scale)), 0.04, 0.14)
    density = density * smoothstep(cover.darkness, 0.03, 0.13) * (1 - corner + corner * is_hair)
    # A long level line above the dark edge is the fold of the lid; it would become a second line.
    height = curves.upper - rows
    thick = cv2.dilate(cover.darkness, np.ones((int(0.04 * scale) | 1, 1), np.uint8))
    fold = cv2.morphologyEx(thick, cv2.MORPH_OPEN, np.ones((1, int(0.24 * scale)), np.uint8))
    density *= 1 - smoothstep(height, 0.04 * scale, 0.07 * scale) * smoothstep(fold, 0.08, 0.16)
    density *= 1 - smoothstep(height, 0.14 * scale, 0.34 * scale)
    # Tips far beyond the corner would hang in the air: their roots lie elsewhere.
    density *= 1 - smoothstep(curves.beyond, 0.04, 0.15)
    density *= 1 - smoothstep(-across, 0.60, 0.85)  # none at the nose
    return np.asarray(density, np.float32)


def _band_thickness(dark: Floats, curves: LidCurves) -> float:
    """Eye widths of the dark edge, measured where the white shows below it."""
    scale, upper, opening = curves.eye_width, curves.upper, curves.opening
    inset = 0.12 * (curves.last - curves.first)
    counts = []
    for x in np.linspace(curves.first + inset, curves.last - inset, 15).astype(int):
        begin, end = int(max(upper[x] - 0.08 * scale, 0)), int(upper[x] + 0.5 * opening[x]) + 1
        counts.append(float((dark[begin:end, x] > 0.55).sum()) / scale)
    return float(np.percentile(counts, 30))


def _photo_blur(seen: Floats, curves: LidCurves, rows: Floats, between: NDArray[np.bool_]) -> float:
    scale = curves.eye_width
    slope = np.abs(cv2.Sobel(seen, cv2.CV_32F, 0, 1, scale=0.125))
    slope += np.abs(cv2.Sobel(seen, cv2.CV_32F, 1, 0, scale=0.125))
    inner = (rows > curves.upper - 0.05 * scale) & (rows < curves.lower + 0.05 * scale) & between
    low, high = np.percentile(seen[inner], [5, 95])
    sigma = (high - low) / (2.5 * max(float(np.percentile(slope[inner], 97)), 0.5))
    return float(np.clip(sigma, 0.6, 0.06 * scale))


def _lay_band_on_edge(layer: Floats, edge_row: int, middle: NDArray[np.bool_], reach: int) -> Floats:
    """The dark band moved down onto the edge: left where it lies, a shut eye would have two lines."""
    profile = layer[:, middle].mean(1)
    begin = max(edge_row - reach, 0)
    darkest = begin + int(np.argmax(profile[begin : edge_row + 1]))
    shift = edge_row - darkest
    if profile[darkest] < 0.12 or shift <= 0:
        return layer
    moved = np.zeros_like(layer)
    moved[shift:] = layer[:-shift]
    return moved


def _draw_fringe(curves: LidCurves, above: Floats, strength: float) -> Floats:
    """(n, w) short hairs, fanned to the temple, for eyes with a strong dark edge: too even a line looks drawn."""
    scale, width, eye = curves.eye_width, len(curves.upper), 1 if curves.across[-1] > 0 else 0
    noise = np.random.default_rng(7 + eye).standard_normal((1, 2 * width + 64)).astype(np.float32)
    noise = cv2.GaussianBlur(noise, (0, 0), max(0.8, 0.008 * scale))[0]
    noise = np.clip(0.45 + 0.55 * noise / max(float(noise.std()), 1e-3), 0, 1)
    outward = np.clip(curves.across, -1, 1.1)
    height = np.maximum(above, 0)
    lean = (1 if eye else -1) * (0.25 + 0.75 * outward)
    root = np.clip(np.arange(width) - lean * height + width / 2, 0, 2 * width).astype(int)
    length = (0.075 + 0.055 * outward) * scale
    hairs = noise[root] * np.clip(1 - height / np.maximum(length, 1), 0, 1) * (above >= 0)
    ends = np.clip((1.06 - np.abs(outward)) / 0.2, 0, 1) * (0.55 + 0.45 * outward)
    return np.asarray(hairs * ends * strength, np.float32)
