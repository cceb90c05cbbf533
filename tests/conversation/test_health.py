"""Which parts count as working by the last check and the last answers."""

from __future__ import annotations

from concurrent.futures import Future

import pytest

from lipsync.conversation.health import PARTS, RECENT_S, HealthMonitor, PartsHealth


class Clock:
    """Seconds that a test turns."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def failed(health: HealthMonitor) -> set[str]:
    """The parts that do not work."""
    return {part for part, works in health.current().works.items() if not works}


def test_all_parts_are_taken_to_work_before_the_first_check() -> None:
    current = HealthMonitor(Clock()).current()
    assert (current.works, current.can_speak) == (dict.fromkeys(PARTS, True), True)


def test_a_part_works_that_did_so_in_the_check_and_in_the_answers() -> None:
    health = HealthMonitor(Clock())
    health.note_check(dict.fromkeys(PARTS, True) | {"llm": False})
    health.note_use(("tts", "fps"), used=("llm",))
    assert failed(health) == {"llm", "tts"}, "an answer by a fallback does not outweigh the check"
    assert tuple(health.current().works) == PARTS
    assert health.current().can_speak, "another voice spoke"
    health.note_check(dict.fromkeys(PARTS, True))
    assert failed(health) == {"tts"}, "a check cannot see that a voice hangs"
    health.note_check(dict.fromkeys(PARTS, True) | {"tts": False})
    assert not health.current().can_speak


def test_a_check_that_still_runs_is_not_begun_again() -> None:
    health, begun = HealthMonitor(Clock()), list[Future[PartsHealth]]()

    def check() -> Future[PartsHealth]:
        begun.append(Future())
        return begun[-1]

    health.refresh(check)
    health.refresh(check)
    assert len(begun) == 1
    begun[0].set_result(health.current())
    health.refresh(check)
    assert len(begun) == 2


def test_a_part_has_failed_until_it_works_again() -> None:
    health = HealthMonitor(Clock())
    health.note_use(("llm", "tts"), used=("tts",))
    assert failed(health) == {"llm", "tts"}
    health.note_use((), used=("tts",))
    assert failed(health) == {"llm"}, "an answer that does not use a part says nothing about it"


def test_a_failure_is_forgotten_after_a_minute() -> None:
    clock = Clock()
    health = HealthMonitor(clock)
    health.note_use(("stt",), used=())
    clock.now += RECENT_S - 1
    assert failed(health) == {"stt"}
    clock.now += 1
    assert failed(health) == set()


def test_what_raises_has_failed() -> None:
    health = HealthMonitor(Clock())
    with pytest.raises(ZeroDivisionError), health.watch("stt"):
        raise ZeroDivisionError
    assert failed(health) == {"stt"}
    with health.watch("stt"):
        pass
    assert failed(health) == set()
