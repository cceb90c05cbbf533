"""A person before a still picture: what is opaque hides it, what is transparent shows it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from lipsync.animation.composed import ComposedAnimator, cover
from lipsync.animation.types import FaceTrack, resting_track
from lipsync.speech.types import Speech
from lipsync.video.frame import Frame, frame_of

RANDOM = np.random.default_rng(3)
PICTURE = RANDOM.integers(0, 255, (40, 60, 3), np.uint8)
BEHIND = RANDOM.integers(0, 255, (40, 60, 3), np.uint8)


class OneFrame:
    """An animator whose every frame is its portrait."""

    name = "puppet"
    size = (60, 40)

    def __init__(self, alpha: NDArray[np.uint8] | None) -> None:
        self.frame = frame_of(PICTURE, alpha)

    def openings(self, track: FaceTrack) -> NDArray[np.float32]:
        return np.full(len(track), 0.1, np.float32)

    def perform(self, fps: int) -> OneFrame:  # noqa: ARG002
        return self

    def add(self, speech: Speech, track: FaceTrack, *, last: bool) -> Iterator[Frame]:  # noqa: ARG002
        return iter([self.frame] * len(track))


def composed(alpha: NDArray[np.uint8] | None) -> Frame:
    animator = ComposedAnimator(OneFrame(alpha), BEHIND)
    assert (animator.name, animator.size) == ("puppet", (60, 40))
    speech = Speech(np.zeros(160, np.float32), 16000)
    frames = list(animator.perform(25).add(speech, resting_track(25, 2), last=True))
    assert len(frames) == 2
    assert np.array_equal(frames[0].y, frames[1].y)
    return frames[1]


def test_what_is_opaque_hides_the_picture_and_what_is_transparent_shows_it() -> None:
    alpha = np.zeros((40, 60), np.uint8)
    alpha[:, :30] = 255
    frame, front, behind = composed(alpha), frame_of(PICTURE), frame_of(BEHIND)
    assert frame.alpha is None
    assert np.array_equal(frame.y[:, :30], front.y[:, :30])
    assert np.array_equal(frame.y[:, 30:], behind.y[:, 30:])
    assert np.array_equal(frame.uv[:, :15], front.uv[:, :15])
    assert np.array_equal(frame.uv[:, 15:], behind.uv[:, 15:])


def test_between_them_both_are_mixed_to_a_level() -> None:
    alpha = RANDOM.integers(0, 256, (20, 30), np.uint8).repeat(2, 0).repeat(2, 1)
    frame, front, behind = composed(alpha), frame_of(PICTURE), frame_of(BEHIND)
    share = alpha / 255
    assert np.abs(frame.y - (front.y * share + behind.y * (1 - share))).max() <= 1
    half = share[::2, ::2, None]
    assert np.abs(frame.uv - (front.uv * half + behind.uv * (1 - half))).max() <= 1


def test_an_opaque_frame_stays_as_it_is() -> None:
    frame = composed(None)
    assert np.array_equal(frame.y, frame_of(PICTURE).y)


def test_a_picture_of_any_shape_covers_the_video_with_its_middle() -> None:
    columns = np.arange(200, dtype=np.uint8)[None, :, None].repeat(50, 0).repeat(3, 2)
    wide = cover(columns, (100, 100))
    assert wide.shape == (100, 100, 3)
    assert np.abs(wide[50, [0, 99], 0].astype(int) - [75, 124]).max() <= 1
    rows = np.ascontiguousarray(columns.transpose(1, 0, 2))
    tall = cover(rows, (20, 10))
    assert tall.shape == (10, 20, 3)
    assert np.abs(tall[[0, 9], 10, 0].astype(int) - [88, 111]).max() <= 2
