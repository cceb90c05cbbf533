from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from lipsync.animation.behavior.blinks import BlinkSource
from lipsync.animation.behavior.timeline import STEP, Span

MINUTES = 10
SPAN = Span(0, MINUTES * 6000)


def source(seed: int = 1) -> BlinkSource:
    return BlinkSource(np.random.default_rng(seed))


def starts(lids: np.ndarray) -> np.ndarray:
    """Seconds at which each blink begins."""
    return (np.flatnonzero((lids[1:] > 0) & (lids[:-1] == 0)) + 1) * STEP


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("median", [2.6, 3.0, 3.5])
def test_intervals_are_log_normal_over_ten_minutes(seed: int, median: float) -> None:
    gaps = np.diff(starts(source(seed).lids(SPAN, [], median)))
    singles = gaps[gaps > 0.5]
    assert np.median(singles) == pytest.approx(median, rel=0.12)
    assert np.log(singles).std() == pytest.approx(0.45, abs=0.08)
    assert singles.min() >= 0.79
    assert 0.04 < (gaps < 0.5).mean() < 0.17


def test_the_lids_go_down_faster_than_up_and_some_blinks_are_partial() -> None:
    lids = source().lids(SPAN, [], 3.0)
    begun = (starts(lids) / STEP).round().astype(int)
    depths = np.array([lids[start : start + 30].max() for start in begun])
    assert 0.05 < (depths < 0.9).mean() < 0.2
    assert depths.min() > 0.55
    whole = lids[begun[0] - 1 : begun[0] + 34]
    assert whole.max() == 1
    down, up = int(np.argmax(whole == 1)), len(whole) - int(np.argmax(whole[::-1] == 1))
    assert 6 <= down <= 10
    assert (np.flatnonzero(whole[up:] == 0)[0]) > 1.5 * down
    # seen in every frame of 25 per second, wherever it falls
    assert (whole == 1).sum() * STEP >= 0.04


def test_blinks_are_drawn_to_the_ends_of_phrases() -> None:
    ends = np.arange(2.0, 598, 2.5)
    drawn, free = (starts(source().lids(SPAN, moments, 3.0)) + 0.08 for moments in (ends.tolist(), []))

    def at_end(times: np.ndarray) -> float:
        return float(np.mean([np.abs(ends + 0.03 - time).min() < 0.02 for time in times]))

    assert at_end(drawn) > 0.35
    assert at_end(drawn) > 4 * at_end(free)
    assert len(drawn) == pytest.approx(len(free), rel=0.15)


@pytest.mark.parametrize("cuts", [[1], [150, 151, 152, 153], list(range(3, 3000, 3))])
def test_pieces_continue_as_one(cuts: list[int]) -> None:
    whole = source().lids(Span(0, 3000), [], 3.0)
    pieces = source()
    bounds = [0, *cuts, 3000]
    parts = [pieces.lids(Span(a, b - a), [], 3.0) for a, b in pairwise(bounds)]
    np.testing.assert_allclose(np.concatenate(parts), whole, atol=1e-9)
    assert whole.max() == 1


def test_no_blink_jumps_in_when_a_phrase_end_becomes_known_late() -> None:
    pieces, found = source(4), []
    for piece in range(600):
        span = Span(piece * 20, 20)
        found.append(pieces.lids(span, [span.begins + 0.02], 3.0))
    assert np.abs(np.diff(np.concatenate(found))).max() < 0.25
