"""From a picture to a portrait: which face, and whether it can be made to speak."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from threading import Lock
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from lipsync.face.box import Box
from lipsync.face.checks import check_face
from lipsync.face.detector import NMS_IOU_THRESHOLD, Detection, Detector, iou
from lipsync.face.errors import PortraitError
from lipsync.face.lower_lip import lower_lip_is_missed
from lipsync.face.mesh import FaceMesh, Mesh
from lipsync.face.occlusion import mouth_is_covered
from lipsync.face.types import Portrait
from lipsync.face.upscale import Restorer, upscale_small_face

CENTRAL = 0.4
"""A face in the corner counts this much less than one in the middle."""

RIVAL = 0.5
"""When the first face cannot speak, one that counts at least this much of it may take its place."""

LYING = np.radians(45)
"""A face tilted further lies on its side."""

SURE = 0.9995
"""Presence below which the face may be upside down in its crop. In two frames each of the five GRID clips, turned in
steps of 15 degrees, the mesh took four people for upright when they were upside down, with a presence of up to 0.998;
the right way round all had 0.9999 and more."""

LARGE_VIEWS = 2
"""Views of a turned picture that are searched, as many as show large faces: looking for small ones takes 0.4 s at
1920x1080, and most pictures without a face in them have none lying in them either."""

BOX_MARGIN = 0.5
"""Margin searched around a given box, on each side, as a fraction of the box."""

MIN_BOX = 16
"""Minimum side of a given box, in pixels."""


class FaceDetector(Protocol):
    """Sees where faces are, roughly."""

    def search(self, picture: NDArray[np.uint8]) -> Iterator[list[Detection]]:
        """The faces of a picture (H, W, 3) RGB, view after view, large faces first."""
        ...


class FaceFinder:
    """Both networks, loaded once; safe to call from many threads, which take turns."""

    def __init__(
        self, *, max_side: int = 1920, detector: FaceDetector | None = None, restorer: Restorer | None = None
    ) -> None:
        """``max_side``: no portrait is enlarged beyond this longer side, in pixels. ``detector``: BlazeFace, which
        the project ships, when none is given. ``restorer`` restores the detail of small faces that are enlarged."""
        self._max_side = max_side
        self._detector = detector or Detector()
        self._restorer = restorer
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
        eye_distance = mesh.head.scale
        picture, landmarks, factor = upscale_small_face(
            picture, mesh.landmarks, eye_distance, self._max_side, self._restorer
        )
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
            eye_distance=eye_distance * factor,
            key=key,
        )

    def track(self, picture: NDArray[np.uint8], before: NDArray[np.float32]) -> NDArray[np.float32]:
        """(468, 3) points in the next frame of a video, (H, W, 3) RGB, of the face whose points were ``before``.

        Raises LipsyncError: no_face when it is not there any more, face_too_small, face_turned, mouth_covered.
        """
        height, width = picture.shape[:2]
        with self._turn:
            mesh = self._mesh.follow(picture, before)
        if mesh is None:
            raise PortraitError("no_face", width=width, height=height)
        check_face(mesh.landmarks, mesh.head, width, height, may_be_open=True)
        return mesh.landmarks

    def find_all(self, picture: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        """(468, 3) points of every face in a frame of a video, (H, W, 3) RGB, that can speak; the mouth may be open.

        The one that :meth:`find` would take comes first. Raises PortraitError if there is not one: no_face,
        face_too_small, face_turned, mouth_covered.
        """
        with self._turn:
            return [mesh.landmarks for mesh in self._usable(picture, None, may_be_open=True)]

    def _first_usable(self, picture: NDArray[np.uint8], box: Box | None) -> Mesh:
        """The face to take; the error of the one that counts most when none will do."""
        return next(self._usable(picture, box))

    def _usable(self, picture: NDArray[np.uint8], box: Box | None, *, may_be_open: bool = False) -> Iterator[Mesh]:
        """The faces that can speak, most important first. Raises the error of the one that counts most when none can,
        or only one that counts less than RIVAL of it."""
        height, width = picture.shape[:2]
        largest, found, error = 0.0, False, PortraitError("no_face", width=width, height=height)
        for weight, mesh in self._faces(picture) if box is None else self._faces_in(picture, box):
            if not found and weight < largest * RIVAL:
                break
            try:
                check_face(mesh.landmarks, mesh.head, width, height, may_be_open=may_be_open)
                if mouth_is_covered(picture, mesh.landmarks):
                    raise PortraitError("mouth_covered")
                if not may_be_open and lower_lip_is_missed(picture, mesh.landmarks):
                    raise PortraitError("mouth_open")
            except PortraitError as unusable:
                if not largest:
                    largest, error = weight, unusable
            else:
                found = True
                yield mesh
        if not found:
            raise error

    def _faces(self, picture: NDArray[np.uint8]) -> Iterator[tuple[float, Mesh]]:
        """The faces of the first view that has any, and how much each counts, most first."""
        height, width = picture.shape[:2]
        for found in self._views(picture):
            weighed = sorted(
                ((_weight(detection, width, height), detection) for detection in found), key=lambda pair: -pair[0]
            )
            confirmed = False
            for weight, detection in sorted(weighed, key=lambda pair: -pair[0]):
                mesh = self._mesh_of(picture, detection)
                if mesh is not None:
                    confirmed = True
                    yield weight, mesh
            if confirmed:
                return

    def _views(self, picture: NDArray[np.uint8]) -> Iterator[list[Detection]]:
        """What the detector sees in a picture, view after view; then in the picture turned by quarter turns.

        BlazeFace sees a face up to about 100 degrees from upright, so the half turn comes first.
        """
        yield from self._detector.search(picture)
        for quarters in (2, 1, 3):
            yield from self._views_turned(picture, quarters)

    def _views_turned(self, picture: NDArray[np.uint8], quarters: int) -> Iterator[list[Detection]]:
        """The views of large faces in the picture turned by ``numpy.rot90``, in pixels of the picture as it is."""
        height, width = picture.shape[:2]
        turned = np.ascontiguousarray(np.rot90(picture, quarters))
        for found in islice(self._detector.search(turned), LARGE_VIEWS):
            yield [detection.turned_back(quarters, width, height) for detection in found]

    def _mesh_of(self, picture: NDArray[np.uint8], detection: Detection) -> Mesh | None:
        """The mesh of a detection; that of a face lying on its side from where the detector sees it upright.

        From a crop that is turned by 50 degrees too little the mesh may settle 15 degrees off. In a face that is
        upside down in its crop the mesh may see another, with the eyes at the mouth.
        """
        mesh = self._mesh.find(picture, detection)
        if mesh is None:
            return None
        if mesh.presence < SURE:
            opposite = self._mesh.find(picture, detection.upside_down())
            if opposite is not None and opposite.presence >= SURE:
                mesh = opposite
        across = mesh.landmarks[263, :2] - mesh.landmarks[33, :2]
        roll = float(np.arctan2(across[1], across[0]))
        if abs(roll) < LYING:
            return mesh
        (x0, y0), (x1, y1) = mesh.landmarks[:, :2].min(0), mesh.landmarks[:, :2].max(0)
        place = (float(x0), float(y0), float(x1), float(y1))
        for found in self._views_turned(picture, round(roll / (np.pi / 2)) % 4):
            for upright in sorted(found, key=lambda detection: -iou(detection.box, place)):
                if (
                    iou(upright.box, place) > NMS_IOU_THRESHOLD
                    and (again := self._mesh.find(picture, upright)) is not None
                ):
                    return again
        return mesh

    def _faces_in(self, picture: NDArray[np.uint8], box: Box) -> Iterator[tuple[float, Mesh]]:
        """The face that a person has pointed at: as the detector sees it in the box, or else the box itself."""
        x0, y0, x1, y1 = box
        mx, my = (x1 - x0) * BOX_MARGIN, (y1 - y0) * BOX_MARGIN
        left, top = int(max(0, x0 - mx)), int(max(0, y0 - my))
        part = np.ascontiguousarray(picture[top : int(np.ceil(y1 + my)), left : int(np.ceil(x1 + mx))])
        for found in self._views(part):
            inside = [detection.moved(left, top) for detection in found]
            inside = [detection for detection in inside if _contains(box, detection.center)]
            for detection in sorted(inside, key=lambda detection: -detection.size):
                mesh = self._mesh_of(picture, detection)
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


def _contains(box: Box, point: tuple[float, float]) -> bool:
    """Whether ``point`` lies in ``box``, both in pixels."""
    x0, y0, x1, y1 = box
    return x0 <= point[0] <= x1 and y0 <= point[1] <= y1


def _check_box(box: Box, width: int, height: int) -> None:
    """Raise bad_box unless the box is four numbers, in order, inside the picture."""
    try:
        x0, y0, x1, y1 = (float(number) for number in box)
    except (TypeError, ValueError) as error:
        raise PortraitError("bad_box") from error
    for low, high, size in ((x0, x1, width), (y0, y1, height)):
        if not 0 <= low <= high - MIN_BOX <= size - MIN_BOX:  # what is not a number is not inside either
            raise PortraitError("bad_box")
