from __future__ import annotations

import numpy as np
import pytest

from lipsync.animation.behavior.timeline import STEP, Span


def test_a_span_knows_its_times() -> None:
    span = Span(100, 50)
    assert span.begins == pytest.approx(1.0)
    assert span.ends == pytest.approx(1.5)
    np.testing.assert_allclose(span.times, 1 + np.arange(50) * STEP)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [(1.1, 1.2, (10, 20)), (0.0, 1.0, (0, 0)), (0.5, 1.05, (0, 5)), (1.45, 9.0, (45, 50)), (1.3, 1.2, (30, 30))],
)
def test_indices_lie_within_the_span(start: float, end: float, expected: tuple[int, int]) -> None:
    found = Span(100, 50).indices(start, end)
    assert (found.start, found.stop) == expected


def test_a_span_begins_at_its_first_point_whatever_the_rounding() -> None:
    for first in range(3000):
        span = Span(first, 7)
        assert span.indices(span.begins, span.ends) == slice(0, 7)
