"""The head's small motion: a similarity about the neck, full in the face, none at the shoulders and the border."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lipsync.animate.puppet.curves import smoothstep
from lipsync.face.topology import FACE_OVAL

SIDE, ABOVE, BELOW = 1.42, 1.40, 1.15
"""How far the motion reaches from the face's centre, in widths (sideways) and heights of the face."""


@dataclass(frozen=True)
class Sway:
    """Where the head moves, and about which point."""

    pivot: NDArray[np.float64]
    """(2,) the neck, in pixels."""
    center: NDArray[np.float64]
    """(2,) the face's centre, in pixels."""
    face_width: float
    face_height: float
    width: int
    """Of the picture, pixels."""
    height: int
    unit: float
    """Pixels in an eye distance."""

    @property
    def box(self) -> tuple[float, float, float, float]:
        """x0, y0, x1, y1 of all that moves, pixels."""
        x, y = (float(value) for value in self.center)
        return (
            max(0.0, x - SIDE * self.face_width),
            max(0.0, y - ABOVE * self.face_height),
            min(float(self.width), x + SIDE * self.face_width),
            min(float(self.height), y + BELOW * self.face_height),
        )

    def weight(self, places: NDArray[np.floating]) -> NDArray[np.float32]:
        """(...) how much of the motion reaches ``places`` (..., 2): 1 in the face, 0 outside of the box."""
        x0, y0, x1, y1 = self.box
        right = np.abs(places[..., 0] - self.center[0]) / self.face_width
        lower = (places[..., 1] - self.center[1]) / self.face_height
        weight = (
            (1 - smoothstep(right, 0.62, SIDE))
            * (1 - smoothstep(-lower, 0.75, ABOVE))
            * (1 - smoothstep(lower, 0.42, BELOW))
        )
        from_side = np.minimum(places[..., 0] - x0, x1 - 1 - places[..., 0])
        from_end = np.minimum(places[..., 1] - y0, y1 - 1 - places[..., 1])
        border = smoothstep(from_side, 0, 0.3 * self.face_width) * smoothstep(from_end, 0, 0.25 * self.face_height)
        return np.asarray(weight * border, np.float32)

    def motion(self, pose: NDArray[np.float32]) -> NDArray[np.float32]:
        """(2, 3) affine that gives the displacement of a point at full weight, pixels.

        ``pose`` (4,): right, down (eye distances), clockwise roll (radians), growth; a row of FaceTrack.pose.
        """
        right, down, roll, growth = (float(value) for value in pose)
        cos, sin = np.cos(roll) * (1 + growth), np.sin(roll) * (1 + growth)
        turn = np.array([[cos - 1, -sin], [sin, cos - 1]])
        shift = np.array([right, down]) * self.unit - turn @ self.pivot
        return np.column_stack([turn, shift]).astype(np.float32)


def plan_sway(points: NDArray[np.float64], width: int, height: int, unit: float) -> Sway:
    """The sway of a face with landmarks ``points`` (468, 2) in a picture of width x height pixels."""
    oval = points[list(FACE_OVAL)]
    center = oval.mean(0)
    face_width, face_height = (float(value) for value in np.ptp(oval, axis=0))
    pivot = center + np.array([0, 0.6 * face_height])
    return Sway(pivot, center, face_width, face_height, width, height, unit)
