"""Puts a still picture behind a moving person, frame by frame."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync.animation.types import Animator, FaceTrack, Performance
from lipsync.face.framing import Size
from lipsync.speech.types import Speech
from lipsync.video.frame import Frame, frame_of


class ComposedAnimator:
    """Draws what ``animator`` draws, before a picture that does not move."""

    def __init__(self, animator: Animator, behind: NDArray[np.uint8]) -> None:
        """``animator`` draws frames with an alpha; ``behind`` is (H, W, 3) RGB, scaled to cover them."""
        self.name = animator.name
        self._animator = animator
        self._behind = frame_of(cover(behind, animator.size))

    @property
    def size(self) -> Size:
        """Width and height of the frames, pixels."""
        return self._animator.size

    def openings(self, track: FaceTrack) -> NDArray[np.float32]:
        """(T,) opening of the inner lips that is meant, in distances of the outer eye corners as seen."""
        return self._animator.openings(track)

    def perform(self, fps: int) -> Performance:
        """Begin a video."""
        return _ComposedPerformance(self, self._animator.perform(fps))

    def compose(self, frame: Frame) -> Frame:
        """The opaque frame that shows ``frame`` before the picture."""
        if frame.alpha is None:
            return frame
        half = cv2.resize(frame.alpha, (frame.width // 2, frame.height // 2), interpolation=cv2.INTER_AREA)
        return Frame(
            _mix(frame.y, self._behind.y, frame.alpha),
            _mix(frame.uv, self._behind.uv, np.asarray(cv2.merge([half, half]), np.uint8)),
        )


class _ComposedPerformance:
    def __init__(self, animator: ComposedAnimator, performance: Performance) -> None:
        self._animator, self._performance = animator, performance

    def add(self, speech: Speech, track: FaceTrack, *, last: bool) -> Iterator[Frame]:
        """The frames of the animator, before the picture."""
        return map(self._animator.compose, self._performance.add(speech, track, last=last))


def cover(picture: NDArray[np.uint8], size: Size) -> NDArray[np.uint8]:
    """The middle of ``picture`` (H, W, 3), scaled so that it covers width and height ``size`` and keeps its shape."""
    height, width = picture.shape[:2]
    across, down = min(width, round(height * size[0] / size[1])), min(height, round(width * size[1] / size[0]))
    left, top = (width - across) // 2, (height - down) // 2
    part = picture[top : top + max(1, down), left : left + max(1, across)]
    shrinks = part.shape[1] > size[0]
    scaled = cv2.resize(part, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)
    return np.asarray(scaled, np.uint8)


def _mix(front: NDArray[np.uint8], behind: NDArray[np.uint8], alpha: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """``front`` before ``behind``, to a level; exact where ``alpha`` is 0 or 255."""
    shown = cv2.multiply(front, alpha, scale=1 / 255)
    return np.asarray(cv2.add(shown, cv2.multiply(behind, cv2.bitwise_not(alpha), scale=1 / 255)), np.uint8)
