"""How a head is turned: the ARKit basis laid onto a portrait's landmarks.

The basis (assets/face/arkit_basis.npz) is one head with the 468 points of MediaPipe's face mesh and, for each of
the 52 ARKit units, how far the unit moves each point. Fitted to a portrait it says where the head looks, how large
it is, and which way the units push the portrait's own points.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from lipsync.face.topology import EYE_CORNERS_OUTER, LIPS
from lipsync.messages import Message
from lipsync.runtime.errors import InstallationError

Coordinate = TypeVar("Coordinate", bound=np.floating)

BASIS_FILE = Path(__file__).parent.parent / "assets" / "face" / "arkit_basis.npz"

JAW_REACH = 0.15
"""A point that jawOpen = 1 moves this far (in eye distances) says nothing about the head; nearer ones in part."""


@dataclass(frozen=True)
class Basis:
    """A neutral head and its 52 units, in distances of the outer eye corners; x right, y up, z to the viewer."""

    points: NDArray[np.float64]
    """(468, 3) the neutral head."""
    displacements: NDArray[np.float64]
    """(52, 468, 3) what each unit at 1 adds to the points."""
    names: tuple[str, ...]
    """The 52 units, in the order of lipsync.animation.types.ARKIT_NAMES."""

    def unit(self, name: str) -> NDArray[np.float64]:
        """(468, 3) displacements of one unit."""
        displacement: NDArray[np.float64] = self.displacements[self.names.index(name)]
        return displacement


@dataclass(frozen=True)
class HeadFit:
    """The similarity that lays the basis onto a portrait.

    A basis point ``b`` (y up) stands in the picture at ``flip(rotation @ (b - center_basis) * scale) +
    center_portrait``, where flip negates y and z: landmarks have y down and z away from the viewer.
    """

    rotation: NDArray[np.float64]
    """(3, 3) turns the basis (x right, y up, z to the viewer) as the portrait's head is turned."""
    scale: float
    """Pixels in one basis unit = the distance of the outer eye corners, corrected for the turn of the head."""
    center_basis: NDArray[np.float64]
    """(3,) the weighted centre of the basis points."""
    center_portrait: NDArray[np.float64]
    """(3,) where that centre is in the portrait, in landmark coordinates."""
    points: NDArray[np.float64]
    """(468, 3) the neutral head in landmark coordinates: pixels, x right, y down, z away from the viewer."""
    error: float
    """Weighted root mean square distance of the points from the landmarks, in eye distances."""

    def place(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Points of the basis' space (..., 3) in landmark coordinates, pixels."""
        placed: NDArray[np.float64] = self.turn(points - self.center_basis) + self.center_portrait
        return placed

    def turn(self, displacements: NDArray[np.floating]) -> NDArray[np.float64]:
        """Displacements of the basis' space (..., 3) in landmark coordinates, pixels."""
        turned: NDArray[np.float64] = (displacements @ self.rotation.T) * self.scale * _FLIP
        return turned

    @property
    def roll(self) -> float:
        """Degrees; positive = the head is tilted counter-clockwise, as the viewer sees it."""
        return float(np.degrees(np.arctan2(self.rotation[1, 0], self.rotation[0, 0])))

    @property
    def yaw(self) -> float:
        """Degrees, once the head is upright (rotation = roll @ yaw @ pitch); positive = to the picture's right."""
        side, _, near = self._gaze
        return float(np.degrees(np.arctan2(side, near)))

    @property
    def pitch(self) -> float:
        """Degrees, once the head is upright; positive = the face looks up."""
        return float(np.degrees(np.arcsin(np.clip(self._gaze[1], -1, 1))))

    @property
    def _gaze(self) -> tuple[float, float, float]:
        """Where the nose points once the roll is undone: right, up, towards the viewer."""
        roll = np.radians(self.roll)
        x, y, z = (float(value) for value in self.rotation[:, 2])
        return x * np.cos(roll) + y * np.sin(roll), y * np.cos(roll) - x * np.sin(roll), z


@lru_cache(maxsize=1)
def load_basis() -> Basis:
    """The basis that the project ships, read once; its arrays are read-only."""
    if not BASIS_FILE.is_file():
        raise InstallationError("missing_part", part=BASIS_FILE.name, remedy=Message("remedy.reinstall"))
    with np.load(BASIS_FILE, allow_pickle=False) as stored:
        points, displacements = stored["XYZ"].astype(np.float64), stored["D"].astype(np.float64)
        names = tuple(str(name) for name in stored["units"])
    points.flags.writeable = displacements.flags.writeable = False
    return Basis(points, displacements, names)


def fit_head(landmarks: NDArray[np.floating]) -> HeadFit:
    """Lay the basis onto a portrait's landmarks (468, 3): pixels, x right, y down, z away from the viewer.

    Least squares over rotation, scale and place (Umeyama 1991, "Least-squares estimation of transformation
    parameters between two point patterns", without reflection), each point weighted by how little the jaw moves
    it; lips count nothing.
    """
    basis = load_basis()
    target = np.asarray(landmarks, np.float64)[:468] * _FLIP
    weight = _rigid_weights()
    center, target_center = weight @ basis.points, weight @ target
    source = basis.points - center
    covariance = (target - target_center).T @ (source * weight[:, None])
    left, strength, right = np.linalg.svd(covariance)
    proper = np.array([1.0, 1.0, np.sign(np.linalg.det(left @ right))])
    rotation = (left * proper) @ right
    scale = float((strength * proper).sum() / (weight @ (source**2).sum(1)))
    fitted = source @ rotation.T * scale + target_center
    error = float(np.sqrt(weight @ ((fitted - target) ** 2).sum(1)) / scale)
    return HeadFit(rotation, scale, center, target_center * _FLIP, fitted * _FLIP, error)


def seen_eye_distance(landmarks: NDArray[Coordinate]) -> NDArray[Coordinate]:
    """(...) pixels between the outer eye corners of landmarks (..., 468, 2 or 3), not corrected for a turn."""
    right, left = (landmarks[..., corner, :2] for corner in EYE_CORNERS_OUTER)
    return np.asarray(np.linalg.norm(right - left, axis=-1))


_FLIP = np.array([1.0, -1.0, -1.0])


@lru_cache(maxsize=1)
def rigid_points() -> NDArray[np.intp]:
    """(n,) indices of the points that speech hardly moves: eyes, nose, forehead, upper cheeks."""
    weight = _rigid_weights()
    return np.flatnonzero(weight > 0.5 * weight.max())


@lru_cache(maxsize=1)
def _rigid_weights() -> NDArray[np.float64]:
    """(468,) how much each point is worth for the head's pose; the sum is 1."""
    jaw = np.linalg.norm(load_basis().unit("jawOpen"), axis=1)
    weight = np.clip(1 - jaw / JAW_REACH, 0, 1)
    weight[list(LIPS)] = 0
    normalised: NDArray[np.float64] = weight / weight.sum()
    return normalised
