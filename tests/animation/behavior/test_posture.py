from __future__ import annotations

from itertools import pairwise

import numpy as np

from lipsync.animation.behavior.motion_style import MotionStyle
from lipsync.animation.behavior.phrases import Phrase
from lipsync.animation.behavior.posture import PostureSource
from lipsync.animation.behavior.timeline import Span


def goals(source: PostureSource, span: Span, phrases: list[Phrase], style: MotionStyle | None = None) -> np.ndarray:
    return source.goals(span, phrases, style or MotionStyle(), 1.0)


def source(seed: int = 1) -> PostureSource:
    return PostureSource(np.random.default_rng(seed))


def changes(curve: np.ndarray) -> np.ndarray:
    return np.flatnonzero(np.abs(np.diff(curve, axis=0)).max(axis=1) > 0) + 1


def test_each_phrase_has_its_posture_and_a_pause_goes_part_of_the_way_home() -> None:
    found = goals(source(), Span(0, 400), [Phrase(0.5, 1.5), Phrase(2.5, 3.5)])
    assert changes(found).tolist() == [35, 170, 235, 370]
    first, pause, second, end = found[100], found[200], found[300], found[399]
    assert 0 < np.abs(pause / first).max() < 0.5
    assert 0 < np.abs(end / second).max() < 0.5
    assert not np.allclose(first, second)


def test_a_short_break_is_no_pause() -> None:
    found = goals(source(), Span(0, 200), [Phrase(0.5, 1.0), Phrase(1.15, 1.9)])
    assert changes(found).tolist() == [35, 100]


def test_long_phrases_have_several() -> None:
    lively, calm = (
        changes(goals(source(), Span(0, 1000), [Phrase(0.2, 9.9)], MotionStyle(tempo=tempo))) for tempo in (1.2, 0.85)
    )
    assert len(calm) < len(lively)
    assert all(1.2 < (after - before) / 100 < 2.6 for before, after in pairwise(calm.tolist()))


def test_a_silent_face_changes_its_posture_a_little() -> None:
    found = goals(source(), Span(0, 6000), [])
    assert 60 / 6 - 1 <= len(changes(found)) <= 60 / 2.5
    assert 0.5 < np.abs(found[:, 0]).max() < 5


def test_pieces_in_silence_continue_as_one() -> None:
    whole = goals(source(3), Span(0, 1000), [Phrase(1.0, 2.0)])
    pieces = source(3)
    parts = [goals(pieces, Span(0, 230), [Phrase(1.0, 2.0)]), goals(pieces, Span(230, 770), [])]
    np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_sides_are_balanced_and_sizes_natural() -> None:
    phrases = [Phrase(at, at + 1.0) for at in np.arange(0.5, 600, 1.5)]
    found = goals(source(), Span(0, 60000), phrases)
    spoken = found[[round(phrase.start * 100) + 30 for phrase in phrases]]
    assert abs(spoken[:, 0].mean()) < 0.6
    assert 2.5 < spoken[:, 0].std() < 4.8
    assert np.abs(spoken).max(axis=0)[0] < 9.5
