from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lipsync.errors import LipsyncError
from lipsync.jobs.job import State
from lipsync.jobs.repository import JobRepository
from lipsync.jobs.runner import LocalRunner
from lipsync.runtime.progress import Cancelled
from tests.helpers.eventually import eventually
from tests.helpers.jobs import MADE, Add, found


class Bench:
    """A runner whose jobs last until the test lets them end."""

    def __init__(self, repository: JobRepository, folder: Path) -> None:
        self.repository, self.folder = repository, folder
        self.go = threading.Event()
        self.begun: list[str] = []
        self.most = self.now = 0
        self._lock = threading.Lock()
        self.runners: list[LocalRunner] = []

    def runner(self, max_concurrent: int = 1, **more: Callable[[], object]) -> LocalRunner:
        runner = LocalRunner(
            self.repository, self.folder / "runners", self.work, max_concurrent=max_concurrent, **more
        )  # type: ignore[arg-type]
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
            self.repository.mark_done(id, runner, MADE)
        except Cancelled:
            pass
        finally:
            with self._lock:
                self.now -= 1

    def states(self, ids: list[str]) -> list[State]:
        return [found(self.repository, id).state for id in ids]


@pytest.fixture
def bench(repository: JobRepository, tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(repository, tmp_path)
    yield bench
    for runner in bench.runners:
        runner.close()


def test_so_many_at_a_time_and_each_once(bench: Bench, add: Add) -> None:
    runner = bench.runner(max_concurrent=3)
    ids = [add() for _ in range(12)]
    for id in ids:
        runner.submit(id)
    eventually(lambda: bench.now == 3)
    bench.go.set()
    eventually(lambda: bench.repository.count_by_state()["done"] == 12)
    assert bench.most == 3
    assert sorted(bench.begun) == sorted(ids)


def test_a_place_is_taken_again_after_all_was_done(bench: Bench, add: Add) -> None:
    runner = bench.runner()
    bench.go.set()
    for _ in range(20):  # each comes when the thread may just be ending
        id = add()
        runner.submit(id)
        eventually(lambda id=id: found(bench.repository, id).state == "done")  # type: ignore[misc]


def test_a_job_is_cancelled_in_the_middle_and_the_next_one_begins(bench: Bench, add: Add) -> None:
    runner = bench.runner()
    first, second = add(), add()
    runner.submit(first)
    eventually(lambda: bench.begun == [first])
    bench.repository.cancel(first)
    runner.cancel(first)
    eventually(lambda: bench.begun == [first, second])
    runner.cancel("of nobody")


def test_an_error_of_the_work_does_not_take_the_place(repository: JobRepository, add: Add, tmp_path: Path) -> None:
    begun: list[str] = []

    def fails(id: str, _runner: str, _stop: Callable[[], None]) -> None:
        begun.append(id)
        raise RuntimeError

    runner = LocalRunner(repository, tmp_path, fails, max_concurrent=1)
    ids = [add(), add()]
    for id in ids:
        runner.submit(id)
    eventually(lambda: begun == ids)
    runner.close()


def test_nothing_is_begun_while_there_is_a_reason(bench: Bench, add: Add) -> None:
    reasons = ["too little memory"]
    runner = bench.runner(shortage=lambda: reasons[0] if reasons else None)
    runner.submit(add())
    time.sleep(0.1)
    assert bench.begun == []
    reasons.clear()
    eventually(lambda: len(bench.begun) == 1)


def test_a_database_that_cannot_be_used_is_asked_again(
    bench: Bench, add: Add, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim, failures = bench.repository.claim, iter([LipsyncError("database_busy", reason="locked")])

    def busy_once(runner: str, among: set[str] | None = None) -> object:
        for failure in failures:
            raise failure
        return claim(runner, among)

    monkeypatch.setattr(bench.repository, "claim", busy_once)
    bench.runner().submit(add())
    eventually(lambda: len(bench.begun) == 1)


def test_who_stops_begins_only_what_somebody_waits_for(bench: Bench, add: Add) -> None:
    alone, awaited = add(), add()
    runner = bench.runner(is_stopping=lambda: True, subscribed_ids=lambda: {awaited})
    runner.submit(alone)
    bench.go.set()
    eventually(lambda: found(bench.repository, awaited).state == "done")
    assert bench.begun == [awaited]
    assert found(bench.repository, alone).state == "queued"


def test_what_is_not_finished_is_handed_back_and_made_by_the_next(bench: Bench, add: Add) -> None:
    runner = bench.runner(max_concurrent=2)
    ids = [add() for _ in range(4)]
    for id in ids:
        runner.submit(id)
    eventually(lambda: bench.now == 2)
    runner.close()
    assert bench.states(ids) == ["queued"] * 4
    assert [found(bench.repository, id).attempts for id in ids] == [0] * 4
    runner.submit(ids[0])
    assert bench.now == 0, "it is closed"
    bench.go.set()
    bench.runner(max_concurrent=2).recover()
    eventually(lambda: bench.states(ids) == ["done"] * 4)


def test_what_a_dead_process_left_is_made_again_but_not_what_a_living_one_makes(bench: Bench, add: Add) -> None:
    living = bench.runner()
    mine = add()
    living.submit(mine)
    eventually(lambda: bench.begun == [mine])
    lost = add()
    bench.repository.claim("f" * 16)
    bench.go.set()
    bench.runner().recover()
    eventually(lambda: bench.states([mine, lost]) == ["done", "done"])
    assert bench.begun == [mine, lost]
