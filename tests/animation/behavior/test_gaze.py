from __future__ import annotations

import numpy as np
import pytest

from lipsync.animation.behavior.gaze import COUNTER_ROTATION, LIMITS, GazeSource, Saccade, draw_saccades, turn_eyes
from lipsync.animation.behavior.motion_style import MotionStyle
from lipsync.animation.behavior.phrases import Phrase
from lipsync.animation.behavior.timeline import Span

VIEWER = (0.0, 0.0)


def saccades(
    source: GazeSource, span: Span, phrases: list[Phrase] | None = None, rest: tuple[float, float] = VIEWER
) -> list[Saccade]:
    speaking = np.zeros(span.count)
    for phrase in phrases or []:
        speaking[span.indices(phrase.start, phrase.end)] = 1
    rests = np.tile(rest, (span.count, 1))
    return source.saccades(span, phrases or [], MotionStyle(), rests=rests, speaking=speaking)


def look(
    source: GazeSource, span: Span, phrases: list[Phrase] | None = None, rest: tuple[float, float] = VIEWER
) -> np.ndarray:
    return draw_saccades(span, saccades(source, span, phrases, rest))


def source(seed: int = 1) -> GazeSource:
    return GazeSource(np.random.default_rng(seed))


def test_it_looks_at_the_viewer_most_of_the_time() -> None:
    phrases = [Phrase(at, at + 2.0) for at in np.arange(1, 598, 3)]
    found = look(source(), Span(0, 60000), phrases)
    away = np.hypot(*found.T) > 2.5
    assert 0.05 < away.mean() < 0.25
    assert (np.abs(found[~away]).mean(axis=0) < 1.2).all()
    assert (np.abs(found).max(axis=0) < [8.2, 4.1]).all()
    assert abs(found[:, 0].mean()) < 0.4


def test_looks_away_come_as_phrases_begin() -> None:
    phrases = [Phrase(at, at + 3.0) for at in np.arange(1, 595, 5)]
    found = saccades(source(), Span(0, 60000), phrases)
    aways = [saccade.time for saccade in found if np.hypot(*saccade.target) > 3.9]
    at_start = [time for time in aways if any(-0.21 < time - phrase.start < 0.11 for phrase in phrases)]
    assert 20 < len(at_start) < 55
    assert len(at_start) > 0.4 * len(aways)


def test_fixations_and_saccades_have_natural_lengths() -> None:
    found = saccades(source(), Span(0, 60000))
    gaps = np.diff([saccade.time for saccade in found])
    assert gaps.min() > 0.4
    assert gaps.max() < 3
    assert 0.8 < np.median(gaps) < 1.3
    big = max(found, key=lambda saccade: saccade.size)
    curve = draw_saccades(Span(round(big.time * 100) - 5, 20), [big])
    moving = np.abs(np.diff(curve, axis=0)).max(axis=1) > 1e-9
    assert 3 <= moving.sum() <= 7
    np.testing.assert_allclose(curve[-1], big.target)


def test_pieces_continue_as_one() -> None:
    whole = look(source(), Span(0, 1000))
    pieces = source()
    parts = [look(pieces, Span(a, b - a)) for a, b in ((0, 1), (1, 333), (333, 334), (334, 1000))]
    np.testing.assert_allclose(np.concatenate(parts), whole, atol=1e-12)


def test_a_mood_rests_the_eyes_elsewhere_soon_and_not_always() -> None:
    found = look(source(), Span(0, 6000), rest=(8.0, 6.0))
    assert np.abs(found[:15]).max() < 1
    assert np.hypot(*(found[40] - [8, 6])) < 4
    there = np.hypot(*(found - [8, 6]).T) < 4
    assert 0.45 < there.mean() < 0.9


def test_the_eyes_turn_against_the_head() -> None:
    pose = np.zeros((100, 5))
    pose[:, 0] = np.linspace(-6, 6, 100)
    pose[:, 1] = np.linspace(4, -4, 100)
    eyes = turn_eyes(np.tile([1.0, 0.5], (100, 1)), pose, 1.0)
    seen = eyes + pose[:, :2]
    assert (np.ptp(seen, axis=0) < 0.051 * np.ptp(pose[:, :2], axis=0)).all()
    assert seen[50] == pytest.approx([1, 0.5], abs=0.02)
    assert 0.9 < COUNTER_ROTATION < 1


def test_the_eyes_stay_within_their_limits_and_motion_scales_the_look() -> None:
    far = turn_eyes(np.array([[40.0, -40.0]]), np.zeros((1, 5)), 1.0)
    assert far[0].tolist() == [LIMITS[0], -LIMITS[1]]
    assert turn_eyes(np.array([[4.0, 2.0]]), np.zeros((1, 5)), 0.5)[0] == pytest.approx([2, 1])
    assert not turn_eyes(np.array([[4.0, 2.0]]), np.zeros((1, 5)), 0.0).any()
