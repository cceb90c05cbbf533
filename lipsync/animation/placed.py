"""Places a portrait in a video of another size: cuts frames out of it, or lays them on a background."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync.animation.types import Animator, FaceTrack, Performance
from lipsync.face.framing import Placement, Size
from lipsync.speech.types import Speech
from lipsync.video.frame import Frame, frame_of, halved

_THUMBNAIL = 48
"""Pixels of the longer side to which the picture is shrunk for the background."""
_BLUR = 2.5
"""Sigma, pixels of the thumbnail."""
_DARKENING = 0.8
"""The background is this much as bright as the picture, so that the picture stands out."""


class PlacedAnimator:
    """Draws what ``animator`` draws, placed in a video of another size.

    Where the portrait does not cover the video, a colour does, or an enlarged, blurred and darkened copy of it. A
    portrait with an alpha has nothing around it.
    """

    def __init__(self, animator: Animator, picture: NDArray[np.uint8], placement: Placement) -> None:
        """``picture`` (H, W, 3) RGB is the portrait that ``animator`` animates."""
        self.name = animator.name
        self._animator, self._size = animator, placement.size
        height, width = picture.shape[:2]
        video_width, video_height = placement.size
        self._shown = _cover(-placement.top, video_height, height), _cover(-placement.left, video_width, width)
        """Rows and columns of the portrait that the video shows."""
        self._place = _cover(placement.top, height, video_height), _cover(placement.left, width, video_width)
        """Rows and columns of the video where they lie."""
        covers = all(
            part == slice(0, side) for part, side in zip(self._place, (video_height, video_width), strict=True)
        )
        self._background = None
        if not covers and placement.fill is None:
            self._background = frame_of(blurred_background(picture, placement.size))
        elif not covers:
            self._background = frame_of(np.full((video_height, video_width, 3), placement.fill, np.uint8))

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the video, pixels."""
        return self._size

    def openings(self, track: FaceTrack) -> NDArray[np.float32]:
        """(T,) opening of the inner lips that is meant, in distances of the outer eye corners as seen."""
        return self._animator.openings(track)

    def perform(self, fps: int) -> Performance:
        """Begin a video."""
        return _PlacedPerformance(self, self._animator.perform(fps))

    def place(self, frame: Frame) -> Frame:
        """The frame of the video for a ``frame`` of the portrait; it is the caller's own."""
        rows, columns = self._shown
        y, uv = frame.y[rows, columns], frame.uv[halved(self._shown)]
        alpha = None if frame.alpha is None else frame.alpha[rows, columns]
        if self._background is None:
            return Frame(y.copy(), uv.copy(), None if alpha is None else alpha.copy())
        placed = self._background.copy()
        rows, columns = self._place
        placed.y[rows, columns], placed.uv[halved(self._place)] = y, uv
        if alpha is None:
            return placed
        around = np.zeros(placed.y.shape, np.uint8)
        around[rows, columns] = alpha
        return Frame(placed.y, placed.uv, around)


class _PlacedPerformance:
    def __init__(self, animator: PlacedAnimator, performance: Performance) -> None:
        self._animator, self._performance = animator, performance

    def add(self, speech: Speech, track: FaceTrack, *, last: bool) -> Iterator[Frame]:
        """The frames of the animator, placed."""
        return map(self._animator.place, self._performance.add(speech, track, last=last))


def blurred_background(picture: NDArray[np.uint8], size: Size) -> NDArray[np.uint8]:
    """A picture of width and height ``size`` for behind ``picture`` (H, W, 3): it, enlarged, blurred and darker."""
    height, width = picture.shape[:2]
    across, down = min(width, height * size[0] / size[1]), min(height, width * size[1] / size[0])
    left, top = round((width - across) / 2), round((height - down) / 2)
    part = picture[top : top + max(1, round(down)), left : left + max(1, round(across))]
    scale = _THUMBNAIL / max(size)
    small_size = max(2, round(size[0] * scale)), max(2, round(size[1] * scale))
    small = cv2.resize(part, small_size, interpolation=cv2.INTER_AREA).astype(np.float32) * _DARKENING
    small = cv2.GaussianBlur(small, (0, 0), _BLUR)
    return np.asarray(np.round(cv2.resize(small, size, interpolation=cv2.INTER_CUBIC)).clip(0, 255), np.uint8)


def _cover(begin: int, length: int, whole: int) -> slice:
    """The part of ``whole`` that ``length`` from ``begin`` on covers."""
    return slice(min(max(0, begin), whole), max(0, min(whole, begin + length)))
