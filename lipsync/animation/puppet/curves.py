"""Small pieces of geometry that every part of the puppet uses."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync.animation.easing import ease

Floats = NDArray[np.float32]


def smoothstep(x: NDArray[np.floating] | float, low: float, high: float) -> Floats:
    """0 below ``low``, 1 above ``high``, with level ends between (3t^2 - 2t^3)."""
    t = np.clip((np.asarray(x, np.float32) - low) / (high - low), 0.0, 1.0)
    return np.asarray(ease(t), np.float32)


def resample(points: NDArray[np.floating], count: int) -> NDArray[np.float64]:
    """``count`` points (x, y), evenly along a smooth curve through ``points`` (n, 2).

    A Catmull-Rom spline by arc length: like a cubic spline through the points, without overshooting ends.
    """
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    knots = np.r_[0.0, np.cumsum(np.maximum(steps, 1e-6))]
    at = np.linspace(0.0, knots[-1], count)
    tangents = np.gradient(np.asarray(points, np.float64), knots, axis=0, edge_order=1)
    k = np.clip(np.searchsorted(knots, at, side="right") - 1, 0, len(knots) - 2)
    span = (knots[k + 1] - knots[k])[:, None]
    t = ((at - knots[k]) / span[:, 0])[:, None]
    p0, p1, m0, m1 = points[k], points[k + 1], tangents[k] * span, tangents[k + 1] * span
    # Cubic Hermite basis.
    return np.asarray(
        (2 * t**3 - 3 * t**2 + 1) * p0 + (t**3 - 2 * t**2 + t) * m0 + (3 * t**2 - 2 * t**3) * p1 + (t**3 - t**2) * m1
    )


def spaced_points(points: NDArray[np.float64], candidates: Iterable[int], spacing: float) -> list[int]:
    """Those of ``candidates``, indices of ``points`` (n, 2), no nearer than ``spacing`` to one chosen before."""
    chosen: list[int] = []
    for index in candidates:
        if not chosen or float(((points[chosen] - points[index]) ** 2).sum(1).min()) > spacing**2:
            chosen.append(index)
    return chosen


def sample(picture: NDArray[np.generic], points: NDArray[np.floating]) -> Floats:
    """Values of ``picture`` (H, W[, C]) at ``points`` (..., 2) in pixels, bilinear, edges repeated."""
    flat = np.asarray(points, np.float32).reshape(1, -1, 2)
    values = cv2.remap(picture, np.ascontiguousarray(flat), None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    shape = points.shape[:-1] + (() if picture.ndim == 2 else (picture.shape[2],))
    return np.asarray(values, np.float32).reshape(shape)


def luma(colour: NDArray[np.floating]) -> NDArray[np.floating]:
    """Brightness of RGB colours (..., 3), ITU-R BT.601 weights."""
    return np.asarray(colour @ np.array([0.299, 0.587, 0.114], np.float32))


def pixels_inside(picture: NDArray[np.uint8], outline: NDArray[np.floating]) -> NDArray[np.float32]:
    """(n, 3) pixels of ``picture`` (H, W, 3) inside the convex hull of ``outline`` (m, 2); never none."""
    hull = cv2.convexHull(np.round(outline).astype(np.int32))[:, 0]
    height, width = picture.shape[:2]
    x0, y0 = np.clip(hull.min(0), 0, [width - 1, height - 1])
    x1, y1 = np.clip(hull.max(0), 0, [width - 1, height - 1]) + 1
    mask = np.zeros((y1 - y0, x1 - x0), np.uint8)
    cv2.fillConvexPoly(mask, hull - [x0, y0], 1)
    found = picture[y0:y1, x0:x1][mask > 0]
    return np.asarray(found if len(found) else picture[y0:y1, x0:x1].reshape(-1, 3), np.float32)
