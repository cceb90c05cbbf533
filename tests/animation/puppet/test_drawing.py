"""Any track can be drawn, always the same, in any order, by many threads."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from lipsync.animation.puppet import Puppet
from lipsync.animation.types import FaceTrack
from lipsync.speech.types import Speech
from lipsync.video.frame import Frame
from tests.animation.puppet.acting import Actor, changed, same, speaking, track

REACH = np.array([30, 30, 15, 0.1, 0.1])
"""Of a pose: several times of what gestures do."""


def temporary_path(whole: FaceTrack, begin: int, end: int) -> FaceTrack:
    return whole.part(begin, end)


def amounts(*shape: int) -> st.SearchStrategy[np.ndarray]:
    edges = st.sampled_from([0.0, 1.0])
    return npst.arrays(np.float32, shape, elements=st.one_of(edges, st.floats(0, 1, width=32)), fill=edges)


@st.composite
def tracks(draw: st.DrawFn) -> FaceTrack:
    count = draw(st.integers(1, 3))
    contacts = {name: draw(amounts(count)) for name in ("seal", "bite", "tongue")}
    pose = (draw(amounts(count, 5)) * 2 - 1) * REACH
    return track(count, weights=draw(amounts(count, 52)), pose=pose, **contacts)


def in_range(frame: Frame) -> bool:
    extremes = (frame.y.min(), frame.y.max(), frame.uv.min(), frame.uv.max())
    return extremes[0] >= 16 and extremes[1] <= 235 and extremes[2] >= 16 and extremes[3] <= 240


@pytest.mark.slow
@settings(max_examples=40, deadline=None, derandomize=True, database=None)
@given(moves=tracks())
def test_any_track_can_be_drawn(actors: dict[str, Actor], moves: FaceTrack) -> None:
    actor = actors["hopper"]
    with np.errstate(divide="raise", invalid="raise", over="raise"):
        openings = actor.puppet.openings(moves)
        frames = list(actor.puppet.frames(moves))

    assert openings.shape == (len(moves),)
    assert np.isfinite(openings).all()
    assert (openings >= 0).all()
    assert (openings[moves.seal == 1] == 0).all()
    assert len(frames) == len(moves)
    for frame in frames:
        assert (frame.width, frame.height) == actor.puppet.size
        assert frame.width % 2 == frame.height % 2 == 0
        assert frame.y.dtype == frame.uv.dtype == np.uint8
        assert in_range(frame)


@pytest.mark.parametrize("everything", [0.3, 1.0])
def test_all_units_at_once(actor: Actor, everything: float) -> None:
    moves = track(weights=everything, bite=0.5, tongue=1, pose=REACH)
    (frame,) = actor.puppet.frames(moves)
    assert in_range(frame)


def test_speech_stays_within_the_range_of_video(actor: Actor) -> None:
    assert all(in_range(frame) for frame in actor.puppet.frames(speaking(12)))


def test_the_same_track_gives_the_same_frames(actor: Actor) -> None:
    again = Puppet(actor.portrait, actor.rig)
    for one, other in zip(actor.puppet.frames(speaking(10)), again.frames(speaking(10)), strict=True):
        assert same(one, other)


def test_a_frame_does_not_depend_on_those_before_it(actor: Actor) -> None:
    moves = speaking(20)
    frames = list(actor.puppet.frames(moves))
    for index in (7, 8, 19):
        (alone,) = actor.puppet.frames(temporary_path(moves, index, index + 1))
        # blocks of other sizes add up in another order: a level here and there
        assert np.abs(alone.y.astype(int) - frames[index].y).max() <= 1
        assert changed(alone, frames[index]).mean() < 1e-3
    assert not same(frames[7], frames[8])


def test_a_performance_in_pieces_is_the_whole(hopper: Actor) -> None:
    moves = speaking(21)
    silence = Speech(np.zeros(0, np.float32), 16000)
    pieces = hopper.puppet.perform(25)
    frames: list[Frame] = []
    for begin, end in ((0, 3), (3, 3), (3, 15), (15, 21)):
        frames += pieces.add(silence, temporary_path(moves, begin, end), last=end == 21)
    whole = list(hopper.puppet.frames(moves))

    assert len(frames) == 21
    for one, other in zip(frames, whole, strict=True):
        assert np.abs(one.y.astype(int) - other.y).max() <= 1


def test_threads_draw_what_each_draws_alone(hopper: Actor) -> None:
    plays = [speaking(16, seed) for seed in (1, 2)]
    alone = [list(hopper.puppet.frames(moves)) for moves in plays]
    turn = threading.Barrier(2)

    def draw(moves: FaceTrack) -> list[Frame]:
        def in_step() -> Iterator[Frame]:
            drawn = hopper.puppet.frames(moves)
            for _ in range(len(moves)):
                turn.wait(timeout=30)
                yield next(drawn)

        return list(in_step())

    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(draw, plays))

    for mine, expected in zip(together, alone, strict=True):
        assert len(mine) == len(expected) == 16
        assert all(same(one, other) for one, other in zip(mine, expected, strict=True))
    assert not same(alone[0][5], alone[1][5])


def test_nothing_to_draw_is_nothing_drawn(hopper: Actor) -> None:
    assert list(hopper.puppet.frames(track(0))) == []
