from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lipsync.errors import LipsyncError
from lipsync.jobs.book import Book
from lipsync.jobs.job import State
from lipsync.jobs.runner import LocalRunner
from lipsync.progress import Cancelled
from tests.jobs.conftest import Add
from tests.jobs.test_book import MADE, found

PATIENCE = 20.0


def until(happens: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not happens():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


class Bench:
    """A runner whose jobs last until the test lets them end."""

    def __init__(self, book: Book, folder: Path) -> None:
        self.book, self.folder = book, folder
        self.go = threading.Event()
        self.begun: list[str] = []
        self.most = self.now = 0
        self._lock = threading.Lock()
        self.runners: list[LocalRunner] = []

    def runner(self, places: int = 1, **more: Callable[[], object]) -> LocalRunner:
        runner = LocalRunner(self.book, self.folder / "runners", self.work, places=places, **more)  # type: ignore[arg-type]
        self.runners.append(runner)
        return runner

    def work(self, id: str, runner: str, stop: Callable[[], None]) -> None:
        with self._lock:
            self.begun.append(id)
            self.now += 1
            self.most = max(self.most, self.now)
        try:
            while not self.go.wait(0.01):
                stop()
            self.book.done(id, runner, MADE)
        except Cancelled:
            pass
        finally:
            with self._lock:
                self.now -= 1

    def states(self, ids: list[str]) -> list[State]:
        return [found(self.book, id).state for id in ids]


@pytest.fixture
def bench(book: Book, tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(book, tmp_path)
    yield bench
    for runner in bench.runners:
        runner.close()


def test_so_many_at_a_time_and_each_once(bench: Bench, add: Add) -> None:
    runner = bench.runner(places=3)
    ids = [add() for _ in range(12)]
    for id in ids:
        runner.submit(id)
    until(lambda: bench.now == 3)
    bench.go.set()
    until(lambda: bench.book.counts()["done"] == 12)
    assert bench.most == 3
    assert sorted(bench.begun) == sorted(ids)


def test_a_place_is_taken_again_after_all_was_done(bench: Bench, add: Add) -> None:
    runner = bench.runner()
    bench.go.set()
    for _ in range(20):  # each comes when the thread may just be ending
        id = add()
        runner.submit(id)
        until(lambda id=id: found(bench.book, id).state == "done")  # type: ignore[misc]


def test_a_job_is_cancelled_in_the_middle_and_the_next_one_begins(bench: Bench, add: Add) -> None:
    runner = bench.runner()
    first, second = add(), add()
    runner.submit(first)
    until(lambda: bench.begun == [first])
    bench.book.cancel(first)
    runner.cancel(first)
    until(lambda: bench.begun == [first, second])
    runner.cancel("of nobody")


def test_an_error_of_the_work_does_not_take_the_place(book: Book, add: Add, tmp_path: Path) -> None:
    begun: list[str] = []

    def fails(id: str, _runner: str, _stop: Callable[[], None]) -> None:
        begun.append(id)
        raise RuntimeError

    runner = LocalRunner(book, tmp_path, fails, places=1)
    ids = [add(), add()]
    for id in ids:
        runner.submit(id)
    until(lambda: begun == ids)
    runner.close()


def test_nothing_is_begun_while_there_is_a_reason(bench: Bench, add: Add) -> None:
    reasons = ["too little memory"]
    runner = bench.runner(why_not=lambda: reasons[0] if reasons else None)
    runner.submit(add())
    time.sleep(0.1)
    assert bench.begun == []
    reasons.clear()
    until(lambda: len(bench.begun) == 1)


def test_a_database_that_cannot_be_used_is_asked_again(
    bench: Bench, add: Add, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim, failures = bench.book.claim, iter([LipsyncError("database_busy", reason="locked")])

    def busy_once(runner: str, among: set[str] | None = None) -> object:
        for failure in failures:
            raise failure
        return claim(runner, among)

    monkeypatch.setattr(bench.book, "claim", busy_once)
    bench.runner().submit(add())
    until(lambda: len(bench.begun) == 1)


def test_who_stops_begins_only_what_somebody_waits_for(bench: Bench, add: Add) -> None:
    alone, awaited = add(), add()
    runner = bench.runner(stopping=lambda: True, awaited=lambda: {awaited})
    runner.submit(alone)
    bench.go.set()
    until(lambda: found(bench.book, awaited).state == "done")
    assert bench.begun == [awaited]
    assert found(bench.book, alone).state == "queued"


def test_what_is_not_finished_is_handed_back_and_made_by_the_next(bench: Bench, add: Add) -> None:
    runner = bench.runner(places=2)
    ids = [add() for _ in range(4)]
    for id in ids:
        runner.submit(id)
    until(lambda: bench.now == 2)
    runner.close()
    assert bench.states(ids) == ["queued"] * 4
    assert [found(bench.book, id).attempts for id in ids] == [0] * 4
    runner.submit(ids[0])
    assert bench.now == 0, "it is closed"
    bench.go.set()
    bench.runner(places=2).recover()
    until(lambda: bench.states(ids) == ["done"] * 4)


def test_what_a_dead_process_left_is_made_again_but_not_what_a_living_one_makes(bench: Bench, add: Add) -> None:
    living = bench.runner()
    mine = add()
    living.submit(mine)
    until(lambda: bench.begun == [mine])
    lost = add()
    bench.book.claim("f" * 16)
    bench.go.set()
    bench.runner().recover()
    until(lambda: bench.states([mine, lost]) == ["done", "done"])
    assert bench.begun == [mine, lost]
