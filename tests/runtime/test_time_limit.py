from __future__ import annotations

import threading
import time
from threading import Event

import pytest

from lipsync.runtime.progress import Cancelled, beat, use_heartbeat
from lipsync.runtime.time_limit import TimeLimitedExecutor, TimeLimitExceeded


def test_what_it_gives_and_raises_comes_back() -> None:
    limited = TimeLimitedExecutor()
    assert limited.run(lambda _: 5, 60) == 5

    def fail(_: Event) -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        limited.run(fail, 60)

    def timeout(_: Event) -> None:
        raise TimeoutError("of its own")

    with pytest.raises(TimeoutError, match="of its own"):
        limited.run(timeout, 60)
    assert not limited.is_stuck


def test_what_comes_late_is_dropped_and_known_to_be_running() -> None:
    limited, release, dropped_seen = TimeLimitedExecutor(), Event(), Event()

    def hang(dropped: Event) -> int:
        release.wait()
        if dropped.is_set():
            dropped_seen.set()
        return 1

    for _ in range(3):
        with pytest.raises(TimeLimitExceeded):
            limited.run(hang, 0.01)
    assert limited.is_stuck
    threads = [thread for thread in threading.enumerate() if thread.name == "voice"]
    release.set()
    for thread in threads:
        thread.join(30)
    assert dropped_seen.is_set()
    assert not limited.is_stuck
    assert limited.run(lambda _: 2, 60) == 2


def test_many_at_the_edge_of_their_time() -> None:
    """However close the race, each caller gets its own value or TimeLimitExceeded, and nothing is counted twice."""
    limited, results = TimeLimitedExecutor(), list[object]()

    def ask(turn: int) -> None:
        def work(_: Event) -> int:
            threading.Event().wait(0.002)
            return turn

        try:
            results.append(limited.run(work, 0.002) == turn)
        except TimeLimitExceeded:
            results.append(None)

    threads = [threading.Thread(target=ask, args=(turn,)) for turn in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for thread in [one for one in threading.enumerate() if one.name == "voice"]:
        thread.join(30)
    assert len(results) == 100
    assert False not in results
    assert not limited.is_stuck


def test_what_is_cancelled_is_left_alone_and_not_stuck_before_its_time_is_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limited, release, at_work, seen = TimeLimitedExecutor(), Event(), Event(), Event()
    ahead = 0.0
    monotonic = time.monotonic
    monkeypatch.setattr("lipsync.runtime.time_limit.time.monotonic", lambda: monotonic() + ahead)

    def hang(dropped: Event) -> None:
        at_work.set()
        release.wait()
        if dropped.is_set():
            seen.set()

    def cancel() -> None:
        at_work.wait()
        raise Cancelled

    with pytest.raises(Cancelled), use_heartbeat(cancel):
        limited.run(hang, 600)
    (thread,) = [one for one in threading.enumerate() if one.name == "voice"]
    assert not limited.is_stuck
    assert limited.run(lambda _: 2, 600) == 2
    ahead = 601.0
    assert limited.is_stuck  # it hangs, whoever waits for it
    release.set()
    thread.join(30)
    assert seen.is_set()
    assert not limited.is_stuck


def test_the_heartbeat_is_called_in_the_waiting_thread_and_changes_nothing() -> None:
    limited, release, calls = TimeLimitedExecutor(), Event(), []

    def heartbeat() -> None:
        calls.append(threading.current_thread())
        if len(calls) == 2:
            release.set()

    def work(_: Event) -> bool:
        beat()  # not that of the thread that waits
        return release.wait(60)

    with use_heartbeat(heartbeat):
        assert limited.run(work, 60)
    assert calls[:2] == [threading.current_thread()] * 2
    with pytest.raises(TimeLimitExceeded), use_heartbeat(lambda: None):
        limited.run(lambda _: Event().wait(0.5), 0.01)


def test_cancelled_in_the_moment_when_it_is_done() -> None:
    limited, asked, done = TimeLimitedExecutor(), Event(), Event()

    def cancel() -> None:
        asked.set()
        done.wait()
        raise Cancelled

    def work(_: Event) -> None:
        asked.wait()
        done.set()

    with pytest.raises(Cancelled), use_heartbeat(cancel):
        limited.run(work, 60)
    for thread in [one for one in threading.enumerate() if one.name == "voice"]:
        thread.join(30)
    assert not limited.is_stuck
