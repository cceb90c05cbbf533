"""The 468 points of a face: MediaPipe's face mesh, asked several times and steadied.

Network: Google MediaPipe, Apache-2.0. Kartynnik et al. 2019, "Real-time Facial Surface Geometry from Monocular Video
on Mobile GPUs". It sees 192 x 192 pixels; on slightly moved crops of one face its points differ by a pixel or two of
those, so the median over several crops is taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync.face.detector import Detection
from lipsync.face.pose import HeadFit, fit_head
from lipsync.face.tflite import load_network, run_network

SIDE = 192
"""Pixels of the network's square input."""

MARGIN = 1.5
"""Side of a crop, in the longer side of the face."""

JITTERS = tuple((size, turn) for size in (0.84, 1.0, 1.12) for turn in (-0.07, 0.07))
"""The crops whose median is taken: times the side, radians added to the turn. Lips of one face in noise differ by
0.0057 of the eye distance with these 6, 0.0054 with 15, 0.0051 with 25, 0.0079 with a single crop."""

PASSES = 3
"""Crops before those that count, each cut better than the one before."""

FOLLOWING = ((0.84, 0.07), (1.0, -0.07), (1.12, 0.07))
"""Passes of the mesh for a frame of a video, whose neighbours steady it too."""

DOUBT = 0.3
"""Presence of what is surely no face: a last crop less sure than this ends the search early."""

MIN_PRESENCE = 0.95
"""Three quarters of the crops must be this sure of a face. Photographs, paintings and dolls give 0.99 and more, also
from the side and half hidden; cats, textures and skulls at most 0.1, faces upside down in a crop up to 0.998 (see
:data:`lipsync.face.finder.SURE`)."""


@dataclass(frozen=True)
class Crop:
    """A turned square of the picture, with the eyes level in it."""

    center: tuple[float, float]
    """x, y in pixels."""
    turn: float
    """Radians; positive = clockwise, as the viewer sees it."""
    side: float
    """Pixels."""


@dataclass(frozen=True)
class Mesh:
    """The points of one face."""

    landmarks: NDArray[np.float32]
    """(468, 3) pixels: x right, y down, z away from the viewer."""
    presence: float
    """The network's own belief that it sees a face, in [0, 1]: what three quarters of the crops reach."""

    @cached_property
    def head(self) -> HeadFit:
        """How the ARKit basis lies on the landmarks. Computed once, when first asked for."""
        return fit_head(self.landmarks)


class FaceMesh:
    """The network, loaded. Not safe to call from two threads at once."""

    def __init__(self) -> None:
        self._network = load_network("face_landmark.tflite")

    def find(self, picture: NDArray[np.uint8], detection: Detection) -> Mesh | None:
        """The mesh of one face of a picture (H, W, 3) RGB, from where the detector saw it; None if it is not a
        face."""
        (ax, ay), (bx, by) = detection.eyes
        crop = Crop(detection.center, float(np.arctan2(by - ay, bx - ax)), detection.size * MARGIN)
        view = _View(picture, crop)
        for _ in range(PASSES):  # the detector's box is rough: each crop is cut by the points of the one before
            points, presence = self._ask(view, crop)
            crop = crop_around(points)
        if presence < DOUBT:
            return None
        answers = [self._ask(view, Crop(crop.center, crop.turn + turn, crop.side * size)) for size, turn in JITTERS]
        presence = float(np.quantile([answer[1] for answer in answers], 0.25))
        if presence < MIN_PRESENCE:
            return None
        landmarks = np.median([answer[0] for answer in answers], axis=0)
        return Mesh(landmarks.astype(np.float32), presence)

    def follow(self, picture: NDArray[np.uint8], before: NDArray[np.floating]) -> Mesh | None:
        """The mesh in a video's next frame (H, W, 3) RGB, from the points (468, 3) of the frame before; None if the
        face is not there any more. A third of the work of :meth:`find`."""
        crop = crop_around(np.asarray(before, np.float64))
        # Only what the crops can reach is looked at: half of a turned square's diagonal, and as much again.
        reach = 1.5 * crop.side
        x, y = (max(0, int(middle - reach)) for middle in crop.center)
        right, bottom = (max(0, int(middle + reach) + 1) for middle in crop.center)
        near = picture[y:bottom, x:right]
        if not near.size:
            return None
        mesh = self._follow(near, Crop((crop.center[0] - x, crop.center[1] - y), crop.turn, crop.side))
        return mesh and Mesh(mesh.landmarks + np.array([x, y, 0], np.float32), mesh.presence)

    def _follow(self, picture: NDArray[np.uint8], crop: Crop) -> Mesh | None:
        view = _View(picture, crop)
        points, presence = self._ask(view, crop)
        if presence < DOUBT:
            return None
        crop = crop_around(points)
        answers = [self._ask(view, Crop(crop.center, crop.turn + turn, crop.side * size)) for size, turn in FOLLOWING]
        presence = min(answer[1] for answer in answers)
        if presence < MIN_PRESENCE:
            return None
        return Mesh(np.median([answer[0] for answer in answers], axis=0).astype(np.float32), presence)

    def _ask(self, view: _View, crop: Crop) -> tuple[NDArray[np.float64], float]:
        """(468, 3) points in pixels of the picture, and presence, from one crop."""
        pixels, back = view.cut(crop)
        outputs = run_network(self._network, pixels * np.float32(1 / 255))
        points = next(output for output in outputs if output.size == 1404).reshape(468, 3).astype(np.float64)
        logit = float(next(output for output in outputs if output.size == 1).ravel()[0])
        flat = points[:, :2] @ back[:, :2].T + back[:, 2]
        presence = 1 / (1 + np.exp(-np.clip(logit, -80, 80)))
        return np.column_stack([flat, points[:, 2] * crop.side / SIDE]), float(presence)


class _View:
    """A picture from which crops of about one size are cut, shrunk beforehand so that none of them aliases."""

    def __init__(self, picture: NDArray[np.uint8], crop: Crop) -> None:
        self._scale = min(1.0, 1.5 * SIDE / crop.side)
        if self._scale < 1:
            size = [max(1, round(side * self._scale)) for side in picture.shape[1::-1]]
            picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        self._picture = picture

    def cut(self, crop: Crop) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
        """The crop's (192, 192, 3) pixels, and the 2x3 matrix from its pixels to the picture's."""
        step = crop.side / SIDE
        cos, sin = np.cos(crop.turn) * step, np.sin(crop.turn) * step
        half = SIDE / 2
        back = np.array(
            [
                [cos, -sin, crop.center[0] - cos * half + sin * half],
                [sin, cos, crop.center[1] - sin * half - cos * half],
            ]
        )
        shrunk = back * self._scale
        shrunk[:, 2] += (self._scale - 1) / 2  # pixel centres stay pixel centres
        pixels = cv2.warpAffine(self._picture, shrunk, (SIDE, SIDE), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
        return pixels, back


def crop_around(landmarks: NDArray[np.float64]) -> Crop:
    """The crop that the network was trained on: the eyes level, the face in its middle, with a margin."""
    across = landmarks[263, :2] - landmarks[33, :2]
    turn = float(np.arctan2(across[1], across[0]))
    cos, sin = np.cos(turn), np.sin(turn)
    level = np.array([[cos, sin], [-sin, cos]])
    upright = landmarks[:, :2] @ level.T
    low, high = upright.min(axis=0), upright.max(axis=0)
    center = (low + high) / 2 @ level
    return Crop((float(center[0]), float(center[1])), turn, float((high - low).max() * MARGIN))
