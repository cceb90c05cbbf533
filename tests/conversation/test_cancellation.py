"""Work of an answer in threads ends with the answer."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from lipsync.conversation import cancellation
from lipsync.conversation.cancellation import AnswerThreads
from lipsync.runtime.progress import Cancelled, beat
from tests.helpers.run_async import run_async


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as made:
        yield made


def test_work_of_many_steps_ends_at_the_next_check(pool: ThreadPoolExecutor) -> None:
    ended = threading.Event()

    async def run() -> None:
        threads = AnswerThreads(pool)

        def work() -> None:
            try:
                while True:
                    beat()  # as a wait for a voice does
                    time.sleep(0.005)
            finally:
                ended.set()

        task = asyncio.create_task(threads.run(work))
        await asyncio.sleep(0.02)
        task.cancel()
        await threads.close()
        assert ended.is_set()
        assert task.cancelled()
        with pytest.raises(Cancelled):
            await threads.run(lambda: None)

    run_async(run())


def test_work_that_hangs_does_not_hold_the_end(pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cancellation, "_MAX_CLOSING_S", 0.05)
    gate = threading.Event()

    async def run() -> None:
        threads = AnswerThreads(pool)
        task = asyncio.create_task(threads.run(lambda: gate.wait(30)))
        await asyncio.sleep(0.02)
        task.cancel()
        await threads.close()
        assert not gate.is_set()

    run_async(run())
    gate.set()


def test_results_and_errors_are_those_of_the_work(pool: ThreadPoolExecutor) -> None:
    async def run() -> None:
        threads = AnswerThreads(pool)
        assert await threads.run(lambda: 7) == 7
        with pytest.raises(ZeroDivisionError):
            await threads.run(lambda: 1 / 0)
        await threads.close()

    run_async(run())
