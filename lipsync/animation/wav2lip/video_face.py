"""Wav2Lip over a video: the same performance, with a face, a box and a mask of its own for each frame.

In silence a still portrait shows its own mouth. The mouth of a person who talks in the video must never show: around
each frame in which it is open the network draws every frame, in silence from the sound of silence, and the video's
own mouth comes back only where it has been shut for a while.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lipsync.animation.easing import ease
from lipsync.animation.types import FaceTrack, Performance
from lipsync.animation.wav2lip.composite import Patch, prepare_patch
from lipsync.animation.wav2lip.crop import DEFAULT_PADS, Crop, Pads, crop_face
from lipsync.animation.wav2lip.lru_cache import LruCache
from lipsync.animation.wav2lip.wav2lip import Drawer, Face, Wav2LipPerformance
from lipsync.face.face_video import MovingPortrait
from lipsync.face.pose import load_basis, seen_eye_distance
from lipsync.video.frame import Frame, picture_of

Floats = NDArray[np.float32]

SHUT = 0.02
"""Gap of the inner lips, in eye distances, from which on the video's own mouth counts as open."""

HOLD_S, FADE_S = 0.4, 0.16
"""Seconds for which the drawn mouth stays before and after a frame whose own mouth is open, and over which it then
gives way to the video's own: between two syllables a mouth is shut for 0.1 to 0.3 s."""

_MARGIN = 0.25
"""What is looked at around the box, in its own size: the mask's soft edge ends within."""

_INNER_UPPER, _INNER_LOWER = (82, 13, 312), (87, 14, 317)


@dataclass(frozen=True)
class _Place:
    """The box of one frame, and the even rectangle around it that is looked at."""

    crop: Crop
    """In pixels of the rectangle."""
    left: int
    top: int
    right: int
    bottom: int

    def picture(self, frame: Frame) -> NDArray[np.uint8]:
        """RGB of the rectangle."""
        y = frame.y[self.top : self.bottom, self.left : self.right]
        uv = frame.uv[self.top // 2 : self.bottom // 2, self.left // 2 : self.right // 2]
        return picture_of(Frame(np.ascontiguousarray(y), np.ascontiguousarray(uv)))


class MovingWav2Lip:
    """An Animator of one video. Many threads may use it at once."""

    name = "wav2lip"

    def __init__(
        self,
        portrait: MovingPortrait,
        drawer: Drawer,
        cache: LruCache,
        *,
        pads: Pads = DEFAULT_PADS,
        sharpen: float = 0.0,
    ) -> None:
        """``cache`` keeps the faces' maps and the masks, for all videos together."""
        self._portrait, self._drawer, self._cache, self._sharpen = portrait, drawer, cache, sharpen
        self._key = (portrait.key, pads)
        self._places = [_place(points, portrait.size, pads) for points in portrait.landmarks]
        self._drawn = _drawn_in_silence(portrait.landmarks, portrait.times)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the frames, pixels."""
        return self._portrait.size

    def openings(self, track: FaceTrack) -> Floats:
        """(T,) opening that the track means for a head seen from the front, in distances of its outer eye corners."""
        basis = load_basis()
        apart = basis.displacements[:, _INNER_UPPER, 1] - basis.displacements[:, _INNER_LOWER, 1]
        gap = track.weights @ apart.mean(1)
        return np.asarray(np.maximum(gap, 0) * (1 - track.seal), np.float32)

    def perform(self, fps: int) -> Performance:
        """Begin a video of the same video, forward and back."""

        def source(frame: int) -> int:
            return self._portrait.index_at(frame / fps)

        def faces(frames: list[int]) -> Face | list[Face]:
            return self._faces([source(frame) for frame in frames])

        def paint(frame: int, rows: Floats | None, strength: float) -> Frame:
            return self._paint(source(frame), rows, strength)

        def strength(frame: int, meant: float) -> float:
            return max(meant, float(self._drawn[source(frame)]))

        return Wav2LipPerformance(self._drawer, fps, faces, paint, strength)

    def _faces(self, indices: list[int]) -> list[Face]:
        """The constant maps of the faces of some frames."""

        def make(places: list[int]) -> list[Face]:
            cut = []
            for index in (indices[place] for place in places):
                place = self._places[index]
                cut.append(place.crop.cut(place.picture(self._portrait.frame(index)), self._drawer.size))
            return self._drawer.prepare_many(cut)

        keys = [("face", self._key, index) for index in indices]
        return self._cache.get_many(keys, make, lambda face: face.nbytes)

    def _paint(self, index: int, rows: Floats | None, strength: float) -> Frame:
        frame = self._portrait.frame(index)
        if rows is not None:
            self._patch(index, frame).paste(frame, rows, strength, self._sharpen)
        return frame

    def _patch(self, index: int, frame: Frame) -> Patch:
        """The mask of a frame; only what is around the face is looked at: a third of the time at 360x288."""

        def make() -> Patch:
            place = self._places[index]
            landmarks = self._portrait.landmarks[index] - np.array([place.left, place.top], np.float32)
            patch = prepare_patch(
                place.picture(frame), landmarks, place.crop, self._drawer.size, self._drawer.first_row
            )
            return replace(patch, left=patch.left + place.left, top=patch.top + place.top)

        return self._cache.get(("patch", self._key, index), make, lambda patch: patch.nbytes)


def _place(points: NDArray[np.float32], size: tuple[int, int], pads: Pads) -> _Place:
    crop = crop_face(points, size, pads)
    margin = np.array([crop.width, crop.height]) * _MARGIN
    corners = crop.corners
    if crop.turn:
        margin = np.full(2, margin.max())
    low, high = corners.min(0) - margin, corners.max(0) + margin
    left, top = (max(0, int(value)) // 2 * 2 for value in low)
    right, bottom = (min(most, (int(value) + 2) // 2 * 2) for value, most in zip(high, size, strict=True))
    return _Place(crop.shifted(left, top), left, top, right, bottom)


def _drawn_in_silence(landmarks: NDArray[np.float32], times: NDArray[np.float64]) -> Floats:
    """(n,) how much of the drawn mouth each frame shows in silence: 1 near a frame whose own mouth is open."""
    eyes = np.maximum(seen_eye_distance(landmarks), 1)
    apart = np.linalg.norm(landmarks[:, _INNER_UPPER] - landmarks[:, _INNER_LOWER], axis=2).max(1)
    opened = times[apart > SHUT * eyes]
    if not len(opened):
        return np.zeros(len(times), np.float32)
    away = np.abs(times[:, None] - opened[None]).min(1)
    return np.asarray(ease(np.clip(1 - (away - HOLD_S) / FADE_S, 0, 1)), np.float32)
