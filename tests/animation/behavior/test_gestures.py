from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lipsync.animation.behavior.gestures import Gesture, GestureSource, draw_gestures, gesture_brows
from lipsync.animation.behavior.head import LIMITS
from lipsync.animation.behavior.prominence import Accent
from lipsync.animation.behavior.timeline import Span
from lipsync.speech.types import HeadGesture
from tests.animation.behavior.speaking import joined, syllables, tracks

KINDS: tuple[HeadGesture, ...] = ("nod", "shake", "tilt")
AXIS = {"shake": 0, "nod": 1, "tilt": 2}


def source(seed: int = 1) -> GestureSource:
    return GestureSource(np.random.default_rng(seed))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(5))
def test_the_first_peak_is_on_the_first_stressed_word(kind: HeadGesture, seed: int) -> None:
    span = Span(1000, 400)
    curve = draw_gestures(span, source(seed).choose(span, kind, [Accent(10.65, 1.0), Accent(11.5, 2.0)]))
    early = np.abs(curve[:, AXIS[kind]]) * (span.times < 10.9)
    assert span.times[early.argmax()] == pytest.approx(10.68, abs=0.06)
    assert not np.delete(curve, AXIS[kind], axis=1).any()


def test_a_nod_goes_down_first_and_twice() -> None:
    span = Span(0, 400)
    pitch = draw_gestures(span, [Gesture("nod", 1.0)])[:, 1]
    lows = np.flatnonzero((pitch[1:-1] < pitch[:-2]) & (pitch[1:-1] < pitch[2:]) & (pitch[1:-1] < -2)) + 1
    assert span.times[lows] == pytest.approx([1.32, 1.9], abs=0.05)
    assert pitch[lows[0]] < pitch[lows[1]] < -4


def test_a_shake_goes_to_both_sides_and_begins_on_either() -> None:
    span = Span(0, 400)
    yaws = [draw_gestures(span, source(seed).choose(span, "shake", []))[:, 0] for seed in range(8)]
    assert all(yaw.min() < -4 and yaw.max() > 4 for yaw in yaws)
    assert len({bool(yaw.argmax() < yaw.argmin()) for yaw in yaws}) == 2


@pytest.mark.parametrize("accent", [0.02, 5.0])
def test_it_never_begins_before_its_piece_nor_long_after(accent: float) -> None:
    span = Span(500, 400)
    (gesture,) = source().choose(span, "nod", [Accent(span.begins + accent, 0.0)])
    assert span.begins <= gesture.start <= span.begins + 0.4


def test_the_seed_decides_about_size_and_speed() -> None:
    span = Span(0, 300)
    first, again, other = (source(seed).choose(span, "shake", [])[0] for seed in (1, 1, 2))
    assert first == again
    assert (first.size, first.tempo) != (other.size, other.tempo)


def test_a_gesture_goes_on_in_the_next_piece_and_is_then_forgotten() -> None:
    whole = Span(0, 400)
    begun = source()
    expected = draw_gestures(whole, begun.choose(whole, "nod", [Accent(0.4, 0.0)]))
    pieces = source()
    parts = [draw_gestures(Span(0, 60), list(pieces.choose(Span(0, 60), "nod", [Accent(0.4, 0.0)])))]
    parts += [draw_gestures(Span(at, 170), list(pieces.choose(Span(at, 170), "", []))) for at in (60, 230)]
    np.testing.assert_array_equal(np.concatenate(parts), expected)
    assert pieces.choose(Span(400, 10), "", []) == []


@pytest.mark.parametrize("kind", KINDS)
def test_the_brows_rise_with_it(kind: HeadGesture) -> None:
    span = Span(0, 400)
    lift = gesture_brows(span, [Gesture(kind, 1.0)])
    assert (lift.min(), lift.max()) == pytest.approx((0.0, {"nod": 0.35, "shake": 0.0, "tilt": 0.7}[kind]), abs=0.01)


@pytest.mark.parametrize("kind", KINDS)
def test_the_head_of_a_track_moves_from_the_first_frame_on_within_its_limits(kind: HeadGesture) -> None:
    speech = syllables(6, start=0.15)
    axis = AXIS[kind]
    plain, moved = (joined(tracks([replace(speech, gesture=gesture)]), "pose")[:50, axis] for gesture in ("", kind))  # type: ignore[arg-type]
    assert np.abs(moved - plain)[:25].max() > 0.6 * LIMITS[axis]
    assert moved[0] == pytest.approx(plain[0], abs=0.05)
    assert np.abs(moved).max() < LIMITS[axis]
    assert np.abs(np.diff(moved)).max() < 2.5


@pytest.mark.parametrize("kind", KINDS)
def test_pieces_join_without_a_jump(kind: HeadGesture) -> None:
    first, second = syllables(1, start=0.1, end=0.1), syllables(5, start=0.1)
    pose = joined(tracks([replace(first, gesture=kind), second], fps=100), "pose")
    assert np.abs(np.diff(pose[:, AXIS[kind]], n=2)).max() < 0.15
