"""From a picture to a portrait: which face, and whether it can be made to speak."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Lock
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from lipsync.errors import LipsyncError
from lipsync.face.box import Box
from lipsync.face.checks import check_face
from lipsync.face.cover import mouth_is_covered
from lipsync.face.detector import Detection, Detector
from lipsync.face.enlarge import enlarged
from lipsync.face.mesh import FaceMesh, Mesh
from lipsync.face.pose import fit_head
from lipsync.face.types import Portrait

CENTRAL = 0.4
"""A face in the corner counts this much less than one in the middle."""

RIVAL = 0.5
"""When the first face cannot speak, one that counts at least this much of it may take its place."""

BOX_MARGIN = 0.5
"""What is looked at around a given box, in its own size, on each side."""

LEAST_BOX = 16
"""Pixels; a given box is no smaller."""


class FaceDetector(Protocol):
    """Sees where faces are, roughly."""

    def search(self, picture: NDArray[np.uint8]) -> Iterator[list[Detection]]:
        """The faces of a picture (H, W, 3) RGB, view after view, large faces first."""
        ...


class FaceFinder:
    """Both networks, loaded once; safe to call from many threads, which take turns."""

    def __init__(self, *, max_side: int = 1920, detector: FaceDetector | None = None) -> None:
        """``max_side``: no portrait is enlarged beyond this longer side, in pixels. ``detector``: BlazeFace, which
        the project ships, when none is given."""
        self._max_side = max_side
        self._detector = detector or Detector()
        self._mesh = FaceMesh()
        self._turn = Lock()

    def find(self, picture: NDArray[np.uint8], key: str = "", box: Box | None = None) -> Portrait:
        """The portrait in a picture (H, W, 3) RGB, H and W even.

        Of several faces the largest is taken, and of like size the most central: each counts by its size, less up
        to 40 % towards the corners. If it cannot speak and another counts at least half as much, that one is taken.
        A ``box`` x0, y0, x1, y1 in pixels of this picture names the face instead. A small face is enlarged together
        with the picture; the portrait's picture is the one to draw on.

        Raises LipsyncError: bad_box, no_face, face_too_small, face_turned, mouth_open, mouth_covered.
        """
        height, width = picture.shape[:2]
        if box is not None:
            _check_box(box, width, height)
        with self._turn:
            mesh = self._first_usable(picture, box)
        fit = fit_head(mesh.landmarks)
        picture, landmarks, factor = enlarged(picture, mesh.landmarks, fit.scale, self._max_side)
        height, width = picture.shape[:2]
        (x0, y0), (x1, y1) = landmarks[:, :2].min(axis=0), landmarks[:, :2].max(axis=0)
        return Portrait(
            picture=picture,
            landmarks=landmarks,
            box=(
                max(0.0, float(x0)),
                max(0.0, float(y0)),
                min(float(width), float(x1)),
                min(float(height), float(y1)),
            ),
            eye_distance=fit.scale * factor,
            rotation=fit.rotation.astype(np.float32),
            yaw=fit.yaw,
            pitch=fit.pitch,
            roll=fit.roll,
            key=key,
        )

    def follow(self, picture: NDArray[np.uint8], before: NDArray[np.float32] | None) -> NDArray[np.float32]:
        """(468, 3) points of the face in the next frame of a video, (H, W, 3) RGB.

        It is the face whose points were ``before``; without them, or when it is not there any more, the one that
        :meth:`find` would take, except that its mouth may be open.

        Raises LipsyncError: no_face, face_too_small, face_turned, mouth_covered.
        """
        height, width = picture.shape[:2]
        with self._turn:
            mesh = None if before is None else self._mesh.follow(picture, before)
            if mesh is None:
                return self._first_usable(picture, None, may_be_open=True).landmarks
        check_face(mesh.landmarks, fit_head(mesh.landmarks), width, height, may_be_open=True)
        return mesh.landmarks

    def _first_usable(self, picture: NDArray[np.uint8], box: Box | None, *, may_be_open: bool = False) -> Mesh:
        """The face to take; the error of the one that counts most when none will do."""
        height, width = picture.shape[:2]
        most, error = 0.0, LipsyncError("no_face", width=width, height=height)
        for weight, mesh in self._faces(picture) if box is None else self._faces_in(picture, box):
            if weight < most * RIVAL:
                break
            try:
                check_face(mesh.landmarks, fit_head(mesh.landmarks), width, height, may_be_open=may_be_open)
                if mouth_is_covered(picture, mesh.landmarks):
                    raise LipsyncError("mouth_covered")
            except LipsyncError as unusable:
                if not most:
                    most, error = weight, unusable
            else:
                return mesh
        raise error

    def _faces(self, picture: NDArray[np.uint8]) -> Iterator[tuple[float, Mesh]]:
        """The faces of the first view that has any, and how much each counts, most first."""
        height, width = picture.shape[:2]
        for found in self._detector.search(picture):
            weighed = sorted(((_weight(one, width, height), one) for one in found), key=lambda pair: -pair[0])
            confirmed = False
            for weight, detection in weighed:
                mesh = self._mesh.find(picture, detection)
                if mesh is not None:
                    confirmed = True
                    yield weight, mesh
            if confirmed:
                return

    def _faces_in(self, picture: NDArray[np.uint8], box: Box) -> Iterator[tuple[float, Mesh]]:
        """The face that a person has pointed at: as the detector sees it in the box, or else the box itself."""
        x0, y0, x1, y1 = box
        mx, my = (x1 - x0) * BOX_MARGIN, (y1 - y0) * BOX_MARGIN
        left, top = int(max(0, x0 - mx)), int(max(0, y0 - my))
        part = np.ascontiguousarray(picture[top : int(np.ceil(y1 + my)), left : int(np.ceil(x1 + mx))])
        for found in self._detector.search(part):
            inside = [one.moved(left, top) for one in found]
            inside = [one for one in inside if x0 <= one.center[0] <= x1 and y0 <= one.center[1] <= y1]
            for detection in sorted(inside, key=lambda one: -one.size):
                mesh = self._mesh.find(picture, detection)
                if mesh is not None:
                    yield 1.0, mesh
                    return
        brow = y0 + (y1 - y0) / 3  # of a face that fills the box, upright
        eyes = ((x0 + (x1 - x0) * 0.3, brow), (x0 + (x1 - x0) * 0.7, brow))
        mesh = self._mesh.find(picture, Detection(1.0, box, eyes))
        if mesh is not None:
            yield 1.0, mesh


def _weight(detection: Detection, width: int, height: int) -> float:
    """How much a face counts: its size in pixels, less towards the corners of the picture."""
    x, y = detection.center
    away = np.hypot(x - width / 2, y - height / 2) / np.hypot(width / 2, height / 2)
    return detection.size * (1 - CENTRAL * min(1.0, float(away)))


def _check_box(box: Box, width: int, height: int) -> None:
    """Raise bad_box unless the box is four numbers, in order, inside the picture."""
    try:
        x0, y0, x1, y1 = (float(number) for number in box)
    except (TypeError, ValueError) as error:
        raise LipsyncError("bad_box") from error
    for low, high, most in ((x0, x1, width), (y0, y1, height)):
        if not 0 <= low <= high - LEAST_BOX <= most - LEAST_BOX:  # what is not a number is not inside either
            raise LipsyncError("bad_box")
