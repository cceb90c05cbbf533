"""Asynchronous values for threads and for other event loops."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing

import pytest

from lipsync.conversation.background_loop import BackgroundLoop
from tests.helpers.run_async import run_async


@pytest.fixture
def loop() -> Iterator[BackgroundLoop]:
    made = BackgroundLoop()
    yield made
    made.close()


class Numbers:
    """0, 1, 2 … and whether they were closed."""

    def __init__(self, delay_s: float = 0.0) -> None:
        self.is_closed, self._delay_s = threading.Event(), delay_s

    async def generate(self) -> AsyncGenerator[int, None]:
        try:
            for number in range(5):
                await asyncio.sleep(self._delay_s)
                yield number
        finally:
            await asyncio.sleep(0.02)  # closing takes a moment, as that of an answer
            self.is_closed.set()


def test_a_thread_gets_all_values(loop: BackgroundLoop) -> None:
    assert list(loop.iterate(Numbers().generate())) == [0, 1, 2, 3, 4]


def test_another_event_loop_gets_all_values(loop: BackgroundLoop) -> None:
    async def run() -> list[int]:
        return [number async for number in loop.stream(Numbers().generate())]

    assert run_async(run()) == [0, 1, 2, 3, 4]


def test_a_thread_that_stops_reading_closes_the_source(loop: BackgroundLoop) -> None:
    numbers = Numbers()
    values = loop.iterate(numbers.generate())
    assert next(values) == 0
    values.close()  # type: ignore[attr-defined]
    assert numbers.is_closed.is_set()


def test_an_event_loop_that_stops_reading_closes_the_source(loop: BackgroundLoop) -> None:
    numbers = Numbers()

    async def run() -> None:
        async with aclosing(loop.stream(numbers.generate())) as values:
            async for _ in values:
                break

    run_async(run())
    assert numbers.is_closed.is_set()


def test_a_cancelled_reader_closes_the_source(loop: BackgroundLoop) -> None:
    numbers = Numbers(delay_s=30)

    async def run() -> None:
        async def read() -> None:
            async with aclosing(loop.stream(numbers.generate())) as values:
                async for _ in values:
                    pass

        task = asyncio.create_task(read())
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run_async(run())
    assert numbers.is_closed.wait(5)


def test_a_wait_ends_when_the_result_is_not_wanted_any_longer(loop: BackgroundLoop) -> None:
    numbers = Numbers(delay_s=30)
    assert list(loop.iterate(numbers.generate(), is_wanted=lambda: False)) == []
    assert numbers.is_closed.wait(5)


def test_errors_reach_the_reader(loop: BackgroundLoop) -> None:
    async def broken() -> AsyncGenerator[int, None]:
        yield 1
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        list(loop.iterate(broken()))


def test_a_closed_loop_leaves_no_thread_and_takes_no_work() -> None:
    loop = BackgroundLoop()
    loop.run(asyncio.sleep(0))
    loop.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "conversations"]
    with pytest.raises(RuntimeError, match="closed"):
        loop.run(asyncio.sleep(0))
