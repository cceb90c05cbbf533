"""Where each point of a portrait goes when the head takes a pose.

Weak perspective. With P = (x, y, z) - pivot in pixels (x right, y down, z away from the viewer) and R the rotation of
the pose about the head's own axes, a point moves by

    D = weight * ((R - 1) P + shift)[:2] + perspective + torso

The depth z runs out to 0 at the outline of the skull; the weight is 1 on head and hair and falls to 0 along the neck
and in the background. All of it lives on a lattice, so a frame costs a fraction of a millisecond.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync.animation.puppet.curves import sample
from lipsync.animation.puppet.face_warp import Lattice, invert_field, node_grid
from lipsync.animation.puppet.head.rotation import rotation

Floats = NDArray[np.float32]

_CAMERA = 9.0
"""Distance of the camera in eye distances: 0.8 m."""
_STEPS, _DAMPING = 5, 0.7
"""Fixed-point steps of the inverse, and their damping. Undamped, p <- q - D(p), it diverges where D changes by more
than a pixel a pixel: at the far cheek from about 10 degrees on. Damped by 0.7 it holds for slopes up to 1.8."""


@dataclass(frozen=True)
class Surface:
    """A head's surface at one point."""

    point: NDArray[np.float64]
    """(2,) pixels."""
    depth: float
    """Pixels towards the viewer, from the pivot."""
    slope: NDArray[np.float64]
    """(2,) change of the depth to the right and down."""
    weight: float


@dataclass(frozen=True)
class Head:
    """One portrait's head on a lattice, which is as fine as the mouth's or half as fine."""

    lattice: Lattice
    body: Floats
    """(rows, columns, 4) weight * (x, y, z, 1), about the pivot, pixels; z towards the viewer."""
    torso: Floats
    """(rows, columns, 3) torso's weight * (x, y, 1), about the belly, pixels."""
    weight: Floats
    """(rows, columns) of the head."""
    depth: Floats
    """(rows, columns) pixels towards the viewer."""
    pivot: NDArray[np.float64]
    """(2,) pixels."""
    unit: float
    """Pixels in an eye distance."""
    orientation: NDArray[np.float64]
    """(3, 3) the portrait's own pose: x right, y down, z away."""
    reach: Floats
    """(4,) degrees that the head may turn: left, right, down, up."""

    def displacement(self, pose: Floats, torso: Floats) -> Floats:
        """(rows, columns, 2) pixels that the node's point moves.

        ``pose`` (5,) and ``torso`` (3,) are rows of FaceTrack's arrays.
        """
        change, shift = self._change(pose)
        linear = np.array(
            [[change[0, 0], change[1, 0]], [change[0, 1], change[1, 1]], [-change[0, 2], -change[1, 2]], shift],
            np.float32,
        )
        flat = self.body.reshape(-1, 4)
        moved = (flat @ linear).reshape(self.nodes.shape)
        # Perspective: what comes nearer grows.
        nearer = np.array([-change[2, 0], -change[2, 1], change[2, 2], 0.0], np.float32) / np.float32(
            _CAMERA * self.unit
        )
        share = (flat @ nearer).reshape(moved.shape[:2])
        moved += cv2.multiply(self._from_pivot, cv2.merge([share, share]))
        if torso.any():
            turn = np.radians(torso[2])
            moves = np.array([[0, -turn], [turn, 0], [torso[0] * self.unit, torso[1] * self.unit]], np.float32)
            moved += (self.torso.reshape(-1, 3) @ moves).reshape(moved.shape)
        return np.asarray(moved, np.float32)

    def invert(self, moved: Floats) -> Floats:
        """(rows, columns, 2) pixels of the portrait where each node's place comes from; ``moved``: displacement."""
        step = np.float32(self.lattice.step)
        places = invert_field(moved / step, self._grid, _STEPS, _DAMPING)
        places *= step
        places += self.nodes
        return places

    @cached_property
    def nodes(self) -> Floats:
        """(rows, columns, 2) pixels."""
        return self.lattice.nodes()

    @cached_property
    def _from_pivot(self) -> Floats:
        """(rows, columns, 2) pixels from the pivot to each node."""
        return np.asarray(self.nodes - self.pivot.astype(np.float32), np.float32)

    @cached_property
    def _grid(self) -> Floats:
        """(rows, columns, 2) column and row of each node."""
        return node_grid(self.lattice.columns, self.lattice.rows)

    def at(self, field: Floats, points: NDArray[np.floating]) -> Floats:
        """A field of the nodes (rows, columns[, C]) at ``points`` (..., 2) in pixels."""
        return sample(field, self.lattice.to_cells(points))

    def affine(self, pose: Floats, surface: Surface) -> Floats:
        """(2, 3) affine of the displacement near the point of ``surface``, for what is drawn and not warped."""
        change, shift = self._change(pose)
        point, weight = surface.point, surface.weight
        linear = (change[:2, :2] - np.outer(change[:2, 2], surface.slope)) * weight
        here = (change[:2, :2] @ (point - self.pivot) - change[:2, 2] * surface.depth + shift) * weight
        return np.column_stack([linear, here - linear @ point]).astype(np.float32)

    def surface(self, point: NDArray[np.floating]) -> Surface:
        """What the head is like at ``point`` (2,) in pixels."""
        step = 3 * self.lattice.step
        around = point + step * np.array([[0, 0], [1, 0], [-1, 0], [0, 1], [0, -1]])
        depth = self.at(self.depth, around)
        slope = np.array([depth[1] - depth[2], depth[3] - depth[4]], np.float64) / (2 * step)
        return Surface(
            np.asarray(point, np.float64), float(depth[0]), slope, float(self.at(self.weight, point[None])[0])
        )

    def _change(self, pose: Floats) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(3, 3) R - 1, and the shift (2,) in pixels."""
        yaw, pitch, roll, right, down = (float(value) for value in pose)
        turned = self.orientation @ rotation(yaw, pitch, roll) @ self.orientation.T
        return turned - np.eye(3), np.array([right, down]) * self.unit
