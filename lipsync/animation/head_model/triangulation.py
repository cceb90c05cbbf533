"""Delaunay triangulation of points in a plane."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

_GRID = 8192
"""Steps of the grid onto which points are rounded, so that they are found again by their coordinates."""


def delaunay(points: NDArray[np.floating]) -> NDArray[np.intp]:
    """(F, 3) the triangles between ``points`` (n, 2), each clockwise where y points down.

    Points that are nearer to each other than an 8192nd of their extent may count as one.
    """
    low = points.min(0)
    grid = np.round((points - low) / max(float(np.ptp(points, axis=0).max()), 1e-9) * _GRID).astype(int)
    plane = cv2.Subdiv2D((-1, -1, _GRID + 3, _GRID + 3))
    rows: dict[tuple[float, ...], int] = {}
    for index, point in enumerate(grid.astype(float).tolist()):
        if rows.setdefault(tuple(point), index) == index:
            plane.insert(point)
    corners = np.round(plane.getTriangleList()).reshape(-1, 3, 2)
    corners = corners[((corners >= 0) & (corners <= _GRID)).all((1, 2))]
    triangles = np.array([[rows[tuple(corner)] for corner in three] for three in corners.tolist()], np.intp)
    return clockwise(triangles, points)


def clockwise(triangles: NDArray[np.intp], points: NDArray[np.floating]) -> NDArray[np.intp]:
    """The triangles (F, 3) with their corners in clockwise order where y points down."""
    a, b, c = (points[triangles[:, corner]] for corner in range(3))
    area = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
    return np.where((area < 0)[:, None], triangles[:, [0, 2, 1]], triangles)
