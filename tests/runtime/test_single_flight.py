"""What several threads want at once is made once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from lipsync.runtime.progress import Cancelled, use_heartbeat
from lipsync.runtime.single_flight import SingleFlight


def test_eight_at_once_share_one_making() -> None:
    once: SingleFlight[object] = SingleFlight(3)
    starting, made = threading.Barrier(8), []

    def make() -> object:
        made.append(object())
        return made[-1]

    def ask(_: int) -> tuple[object, bool]:
        starting.wait()
        return once.get("key", make)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(8)))
    assert len(made) == 1
    assert {id(value) for value, _ in answers} == {id(made[0])}
    assert sum(mine for _, mine in answers) == 1


def test_an_error_reaches_all_who_wait_and_the_next_one_tries_anew() -> None:
    once: SingleFlight[int] = SingleFlight(3)
    entered, go = threading.Event(), threading.Event()

    def fail() -> int:
        entered.set()
        go.wait()
        raise ValueError("no")

    def ask() -> str:
        with pytest.raises(ValueError, match="no"):
            once.get("key", fail)
        return "told"

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(ask)
        entered.wait()
        second = pool.submit(ask)
        go.set()
        assert (first.result(), second.result()) == ("told", "told")
    assert once.get("key", lambda: 1) == (1, True)
    assert once.get("key", lambda: 2) == (1, False)


def test_the_last_few_stay() -> None:
    once: SingleFlight[int] = SingleFlight(2)
    for value, key in enumerate("abc"):
        once.get(key, lambda value=value: value)  # type: ignore[misc]
    assert once.get("c", lambda: -1) == (2, False)
    assert once.get("b", lambda: -1) == (1, False)
    assert once.get("a", lambda: -1) == (-1, True)


@pytest.mark.parametrize("end", [Cancelled, KeyboardInterrupt])
def test_who_waits_for_one_that_is_given_up_makes_it_anew(end: type[BaseException]) -> None:
    once: SingleFlight[object] = SingleFlight(3)
    entered, go, waiting, made = threading.Event(), threading.Event(), threading.Barrier(4), []

    def given_up() -> object:
        entered.set()
        go.wait()
        raise end

    def make() -> object:
        made.append(object())
        return made[-1]

    def maker() -> str:
        with pytest.raises(end):
            once.get("key", given_up)
        return "gone"

    def waiter() -> tuple[object, bool]:
        waiting.wait()
        return once.get("key", make)

    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(maker)
        entered.wait()
        others = [pool.submit(waiter) for _ in range(3)]
        waiting.wait()
        go.set()
        assert first.result() == "gone"
        answers = [other.result() for other in others]
    assert len(made) == 1
    assert {id(value) for value, _ in answers} == {id(made[0])}
    assert sum(mine for _, mine in answers) == 1


def test_who_waits_can_be_cancelled_and_the_others_are_not() -> None:
    once: SingleFlight[int] = SingleFlight(3)
    entered, go, calls = threading.Event(), threading.Event(), []

    def slow() -> int:
        entered.set()
        go.wait()
        return 1

    def cancel() -> None:
        calls.append(None)
        if len(calls) == 2:
            raise Cancelled

    with ThreadPoolExecutor(1) as pool:
        maker = pool.submit(once.get, "key", slow)
        entered.wait()
        with pytest.raises(Cancelled), use_heartbeat(cancel):
            once.get("key", lambda: 2)
        assert not maker.done()
        go.set()
        assert maker.result() == (1, True)
    assert once.get("key", lambda: 3) == (1, False)
