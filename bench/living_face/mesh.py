"""Head pose, gaze and opening of the lips in each frame of a video, by MediaPipe's face mesh.

It runs in an interpreter of its own (MediaPipe 0.10.21 is the last release that carries its models, and needs
``numpy<2``), so this file imports nothing of the project:

    python mesh.py BASIS.npz VIDEO.mp4 FIGURES.npz [VIDEO.mp4 FIGURES.npz …]

``BASIS.npz`` holds ``XYZ`` (468, 3), a neutral head with the points of the mesh. Each ``FIGURES.npz`` gets ``angles``
(T, 3): yaw right, pitch up and counterclockwise roll in degrees, relative to the first frame; ``opening`` (T,) of the
inner lips and ``gaze`` (T, 2), the irises' way right and up, in distances of the outer eye corners. A frame in which
no face was seen has NaN.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_RIGID = (33, 133, 362, 263, 1, 4, 5, 6, 168, 197, 195, 2, 98, 327, 127, 356, 10, 151, 9, 8, 234, 454, 93, 323, 103,
          332)  # fmt: skip
"""Points that speech does not move: corners of the eyes, nose, forehead, temples, upper cheeks."""
_CORNERS = (33, 263)
_LIPS = ((13, 14), (82, 87), (312, 317))
"""Pairs of points of the inner lips, upper and lower."""
_EYES = ((468, 33, 133), (473, 362, 263))
"""Iris and both corners of each eye."""
_WIDTH = 420
"""Pixels: width of the crop around the face that the mesh gets, the same for all portraits."""
_MARGIN = 0.35
"""Margin around the face, as a fraction of its longer side."""
_FOCAL = 2.2
"""Focal length of the camera in lengths of the picture's longer side: a portrait lens."""


class Measurement:
    """Follows one face through a video."""

    def __init__(self, mesh: Any, basis: Floats) -> None:
        """``mesh`` is MediaPipe's FaceMesh, ``basis`` (468, 3) with y up and z towards the viewer."""
        self._mesh, self._model = mesh, basis[list(_RIGID)] * [1, -1, -1]
        self._box: tuple[int, int, int, int] | None = None
        self._guess: tuple[Floats, Floats] | None = None
        self._first: Floats | None = None

    def measure(self, picture: NDArray[np.uint8]) -> tuple[Floats, float, Floats]:
        """Angles (3,), opening and gaze (2,) in a picture (H, W, 3) RGB; NaN where no face is seen."""
        nothing = np.full(3, np.nan), float("nan"), np.full(2, np.nan)
        height, width = picture.shape[:2]
        if self._box is None:
            points = self._points(picture)
            if points is None:
                return nothing
            low, high = points.min(0), points.max(0)
            margin = _MARGIN * (high - low).max()
            x0, y0 = np.maximum(low - margin, 0).astype(int)
            x1, y1 = np.minimum(high + margin, [width, height]).astype(int)
            self._box = int(x0), int(y0), int(x1), int(y1)
        x0, y0, x1, y1 = self._box
        scale = _WIDTH / (x1 - x0)
        crop = cv2.resize(np.ascontiguousarray(picture[y0:y1, x0:x1]), (_WIDTH, int((y1 - y0) * scale)))
        points = self._points(crop)
        if points is None:
            return nothing
        eye_distance = float(np.linalg.norm(points[_CORNERS[1]] - points[_CORNERS[0]]))
        opening = float(np.mean([np.linalg.norm(points[a] - points[b]) for a, b in _LIPS])) / eye_distance
        across = (points[_CORNERS[1]] - points[_CORNERS[0]]) / eye_distance
        ways = np.mean([points[iris] - (points[a] + points[b]) / 2 for iris, a, b in _EYES], axis=0)
        gaze = np.array([ways @ across, -ways @ [-across[1], across[0]]]) / eye_distance
        return self._angles(points / scale + [x0, y0], width, height), opening, gaze

    def _points(self, picture: NDArray[np.uint8]) -> Floats | None:
        """(478, 2) the mesh in pixels."""
        found = self._mesh.process(picture).multi_face_landmarks
        if not found:
            return None
        height, width = picture.shape[:2]
        return np.array([[point.x * width, point.y * height] for point in found[0].landmark])

    def _angles(self, points: Floats, width: int, height: int) -> Floats:
        focal = _FOCAL * max(width, height)
        camera = np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1]])
        image = points[list(_RIGID)]
        turn, shift = self._guess or cv2.solvePnP(self._model, image, camera, None, flags=cv2.SOLVEPNP_SQPNP)[1:]
        _, turn, shift = cv2.solvePnP(
            self._model, image, camera, None, turn.copy(), shift.copy(), True, cv2.SOLVEPNP_ITERATIVE
        )
        self._guess = turn, shift
        rotation = cv2.Rodrigues(turn)[0]
        if self._first is None:
            self._first = rotation
        return _euler(self._first.T @ rotation)


def _euler(rotation: Floats) -> Floats:
    """(3,) yaw, pitch and roll in degrees of a rotation = roll @ yaw @ pitch, x right, y down, z away."""
    roll = np.arctan2(-rotation[1, 0], rotation[0, 0])
    x, y, z = -rotation[:, 2]  # where the nose points
    right, down = x * np.cos(roll) - y * np.sin(roll), x * np.sin(roll) + y * np.cos(roll)
    return np.degrees([np.arctan2(right, -z), -np.arcsin(np.clip(down, -1, 1)), roll])


def _pictures(path: str) -> Iterator[NDArray[np.uint8]]:
    with av.open(path) as video:
        for frame in video.decode(video=0):
            yield np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)


def main() -> None:
    """Measure the videos named on the command line."""
    import mediapipe  # type: ignore[import-not-found]  # noqa: PLC0415 - absent from the project's environment

    basis, *files = sys.argv[1:]
    head = np.load(basis)["XYZ"].astype(np.float64)
    # Each frame for itself: a mesh that follows the face smooths and lags.
    mesh = mediapipe.solutions.face_mesh.FaceMesh(
        static_image_mode=True, refine_landmarks=True, min_detection_confidence=0.2
    )
    for video, output in zip(files[::2], files[1::2], strict=True):
        measurement = Measurement(mesh, head)
        angles, opening, gaze = zip(*map(measurement.measure, _pictures(video)), strict=True)
        np.savez(output, angles=np.array(angles), opening=np.array(opening), gaze=np.array(gaze))


if __name__ == "__main__":
    main()
