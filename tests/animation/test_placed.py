"""A portrait in a video of another size: what is cut off, and what is behind it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from lipsync.animation.placed import PlacedAnimator, blurred_background
from lipsync.animation.types import FaceTrack, resting_track
from lipsync.face.framing import Placement
from lipsync.speech.types import Speech
from lipsync.video.frame import Frame, frame_of

PICTURE = np.random.default_rng(1).integers(0, 255, (40, 60, 3), np.uint8)


class OneFrame:
    """An animator whose every frame is its portrait, and that hands out the same arrays again and again."""

    name = "puppet"
    size = (60, 40)

    def __init__(self) -> None:
        self.frame = frame_of(PICTURE)

    def openings(self, track: FaceTrack) -> NDArray[np.float32]:
        return np.full(len(track), 0.1, np.float32)

    def perform(self, fps: int) -> OneFrame:  # noqa: ARG002
        return self

    def add(self, speech: Speech, track: FaceTrack, *, last: bool) -> Iterator[Frame]:  # noqa: ARG002
        return iter([self.frame] * len(track))


def place(size: tuple[int, int], left: int, top: int) -> tuple[PlacedAnimator, Frame]:
    animator = PlacedAnimator(OneFrame(), PICTURE, Placement(size, left, top))
    return animator, animator.place(frame_of(PICTURE))


def test_a_larger_portrait_is_cut() -> None:
    animator, frame = place((32, 20), -8, -6)
    whole = frame_of(PICTURE)
    assert (animator.size, (frame.width, frame.height)) == ((32, 20), (32, 20))
    assert np.array_equal(frame.y, whole.y[6:26, 8:40])
    assert np.array_equal(frame.uv, whole.uv[3:13, 4:20])
    assert frame.y.flags.c_contiguous


def test_a_smaller_portrait_lies_on_a_background() -> None:
    _, frame = place((100, 40), 20, 0)
    whole, behind = frame_of(PICTURE), frame_of(blurred_background(PICTURE, (100, 40)))
    assert (frame.width, frame.height) == (100, 40)
    assert np.array_equal(frame.y[:, 20:80], whole.y)
    assert np.array_equal(frame.uv[:, 10:40], whole.uv)
    assert np.array_equal(frame.y[:, :20], behind.y[:, :20])
    assert np.array_equal(frame.y[:, 80:], behind.y[:, 80:])


def test_cut_on_one_side_and_extended_on_the_other() -> None:
    _, frame = place((40, 60), -10, 12)
    whole = frame_of(PICTURE)
    assert np.array_equal(frame.y[12:52], whole.y[:, 10:50])


def test_frames_are_the_callers_own() -> None:
    animator = PlacedAnimator(OneFrame(), PICTURE, Placement((32, 20), 0, 0))
    speech = Speech(np.zeros(10, np.float32), 100)
    first, second = animator.perform(25).add(speech, resting_track(25, 2), last=True)
    first.y[:] = 0
    assert second.y.any()
    assert animator.openings(resting_track(25, 2)).tolist() == [np.float32(0.1)] * 2


def test_around_a_portrait_with_an_alpha_there_is_nothing() -> None:
    alpha = np.random.default_rng(2).integers(0, 255, (40, 60), np.uint8)
    frame = frame_of(PICTURE, alpha)
    larger = PlacedAnimator(OneFrame(), PICTURE, Placement((100, 40), 20, 0)).place(frame)
    assert larger.alpha is not None
    assert np.array_equal(larger.alpha[:, 20:80], alpha)
    assert not larger.alpha[:, :20].any()
    assert not larger.alpha[:, 80:].any()
    smaller = PlacedAnimator(OneFrame(), PICTURE, Placement((32, 20), -8, -6)).place(frame)
    assert smaller.alpha is not None
    assert np.array_equal(smaller.alpha, alpha[6:26, 8:40])


def test_the_background_is_smooth_and_darker() -> None:
    rows = np.linspace(60, 200, 40)[:, None, None] * np.ones((1, 60, 3))
    behind = blurred_background(rows.astype(np.uint8), (400, 200)).astype(int)
    assert behind.shape == (200, 400, 3)
    assert np.abs(np.diff(behind, axis=0)).max() <= 3
    assert behind.mean() < rows.mean()
