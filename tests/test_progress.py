from __future__ import annotations

import threading
from concurrent.futures import Future

import pytest

from lipsync.progress import SLICE, Cancelled, Stage, Told, wait_for, wait_for_future


class Clock:
    """Time that passes only while it is waited for."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slices: list[float | None] = []

    def ready(self, at: float, most: float | None) -> bool:
        """Whether what comes true ``at`` a time has after ``most`` seconds more."""
        self.slices.append(most)
        wait = at - self.now if most is None else min(most, at - self.now)
        self.now += max(0.0, wait)
        return self.now >= at


def test_nobody_who_listens_means_one_long_wait() -> None:
    clock = Clock()
    assert wait_for(lambda most: clock.ready(7, most), None)
    assert not wait_for(lambda most: clock.ready(20, most), None, 2)
    assert clock.slices == [None, 2]


def test_who_listens_is_called_every_slice(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, calls = Clock(), list[float]()
    monkeypatch.setattr("lipsync.progress.time.monotonic", lambda: clock.now)
    assert wait_for(lambda most: clock.ready(1.5, most), lambda: calls.append(clock.now))
    assert calls == pytest.approx([SLICE * (number + 1) for number in range(7)])
    assert set(clock.slices) == {SLICE}


def test_the_time_limit_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, calls = Clock(), list[float]()
    monkeypatch.setattr("lipsync.progress.time.monotonic", lambda: clock.now)

    def slow() -> None:
        clock.now += 0.25  # counts, too
        calls.append(clock.now)

    assert not wait_for(lambda most: clock.ready(99, most), slow, 1.0)
    assert len(calls) == 2
    assert clock.now == pytest.approx(1.0)
    assert not wait_for(lambda most: clock.ready(99, most), slow, 0.0)


def test_what_is_raised_ends_the_waiting() -> None:
    def stop() -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        wait_for_future(Future(), stop)


def test_a_future_may_fail_and_is_done() -> None:
    future: Future[int] = Future()
    threading.Timer(0.01, lambda: future.set_exception(ValueError("x"))).start()
    assert wait_for_future(future, lambda: None)
    assert not wait_for_future(Future(), lambda: None, 0.01)


def test_it_knows_what_it_was_told_last() -> None:
    heard: list[tuple[Stage, float]] = []
    told = Told(lambda *now: heard.append(now))
    told.again()
    told("render", 0.25)
    told.begin("speech")
    told.again()
    assert heard == [("portrait", 0.0), ("render", 0.25), ("speech", 0.25), ("speech", 0.25)]
    Told(None)("finish", 1.0)
