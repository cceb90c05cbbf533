from __future__ import annotations

import threading
from concurrent.futures import Future

import pytest

from lipsync.runtime.progress import (
    POLL_INTERVAL_S,
    Cancelled,
    ProgressReporter,
    Stage,
    beat,
    use_heartbeat,
    wait_for,
    wait_for_future,
)


class Clock:
    """Time that passes only while it is waited for."""

    def __init__(self) -> None:
        self.now = 0.0
        self.timeouts: list[float | None] = []

    def ready(self, at: float, most: float | None) -> bool:
        """Whether what comes true ``at`` a time has after ``most`` seconds more."""
        self.timeouts.append(most)
        wait = at - self.now if most is None else min(most, at - self.now)
        self.now += max(0.0, wait)
        return self.now >= at


def test_without_a_heartbeat_there_is_one_long_wait() -> None:
    clock = Clock()
    assert wait_for(lambda most: clock.ready(7, most))
    assert not wait_for(lambda most: clock.ready(20, most), 2)
    assert clock.timeouts == [None, 2]


def test_the_heartbeat_is_called_every_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, calls = Clock(), list[float]()
    monkeypatch.setattr("lipsync.runtime.progress.time.monotonic", lambda: clock.now)
    with use_heartbeat(lambda: calls.append(clock.now)):
        assert wait_for(lambda most: clock.ready(1.5, most))
    assert calls == pytest.approx([POLL_INTERVAL_S * (number + 1) for number in range(7)])
    assert set(clock.timeouts) == {POLL_INTERVAL_S}


def test_the_time_limit_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, calls = Clock(), list[float]()
    monkeypatch.setattr("lipsync.runtime.progress.time.monotonic", lambda: clock.now)

    def slow() -> None:
        clock.now += 0.25  # counts, too
        calls.append(clock.now)

    with use_heartbeat(slow):
        assert not wait_for(lambda most: clock.ready(99, most), 1.0)
    assert len(calls) == 2
    assert clock.now == pytest.approx(1.0)
    with use_heartbeat(slow):
        assert not wait_for(lambda most: clock.ready(99, most), 0.0)


def test_what_is_raised_ends_the_waiting() -> None:
    def stop() -> None:
        raise Cancelled

    with pytest.raises(Cancelled), use_heartbeat(stop):
        wait_for_future(Future())


def test_a_future_may_fail_and_is_done() -> None:
    future: Future[int] = Future()
    threading.Timer(0.01, lambda: future.set_exception(ValueError("x"))).start()
    with use_heartbeat(lambda: None):
        assert wait_for_future(future)
        assert not wait_for_future(Future(), 0.01)


def test_a_reporter_repeats_what_it_reported_last() -> None:
    reported: list[tuple[Stage, float]] = []
    report = ProgressReporter(lambda *arguments: reported.append(arguments))
    report.repeat()
    report("render", 0.25)
    report.begin("speech")
    report.repeat()
    assert reported == [("portrait", 0.0), ("render", 0.25), ("speech", 0.25), ("speech", 0.25)]
    ProgressReporter(None)("finish", 1.0)


def test_a_heartbeat_belongs_to_its_block_and_its_thread() -> None:
    calls: list[str] = []
    beat()
    with use_heartbeat(lambda: calls.append("outer")):
        beat()
        with use_heartbeat(lambda: calls.append("inner")):
            beat()
        with use_heartbeat(None):
            beat()
        thread = threading.Thread(target=beat)
        thread.start()
        thread.join()
        beat()
    beat()
    assert calls == ["outer", "inner", "outer"]
