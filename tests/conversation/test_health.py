"""Which parts count as failed because of the last answers."""

from __future__ import annotations

import pytest

from lipsync.conversation.health import RECENT_S, RecentFailures


class Clock:
    """Seconds that a test turns."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_part_has_failed_until_it_works_again() -> None:
    failures = RecentFailures(Clock())
    failures.note(("llm", "tts"), used=("tts",))
    assert failures.names() == {"llm", "tts"}
    failures.note((), used=("tts",))
    assert failures.names() == {"llm"}, "an answer that does not use a part says nothing about it"


def test_a_failure_is_forgotten_after_a_minute() -> None:
    clock = Clock()
    failures = RecentFailures(clock)
    failures.note(("stt",), used=())
    clock.now += RECENT_S - 1
    assert failures.names() == {"stt"}
    clock.now += 1
    assert failures.names() == frozenset()


def test_what_raises_has_failed() -> None:
    failures = RecentFailures(Clock())
    with pytest.raises(ZeroDivisionError), failures.watch("stt"):
        raise ZeroDivisionError
    assert failures.names() == {"stt"}
    with failures.watch("stt"):
        pass
    assert failures.names() == frozenset()
