"""When a client is given up."""

from __future__ import annotations

import pytest

from lipsync.server.asgi.timeouts import StallLimits


@pytest.mark.parametrize(
    ("silent_s", "waited_s", "moved_bytes", "exceeded"),
    [(29.9, 29.9, 0, False), (30, 30, 0, True), (0, 130, 50_001, False), (0, 130, 49_999, True)],
)
def test_silence_and_rate(silent_s: float, waited_s: float, moved_bytes: int, exceeded: bool) -> None:
    limits = StallLimits(silence_s=30, min_bytes_per_s=500)
    assert limits.is_exceeded(silent_s, waited_s, moved_bytes) is exceeded


def test_without_a_rate_only_silence_counts() -> None:
    assert not StallLimits(silence_s=120).is_exceeded(119, 10_000, 1)
    assert StallLimits(silence_s=120).is_exceeded(120, 120, 1_000_000)
