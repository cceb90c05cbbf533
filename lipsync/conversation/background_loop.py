"""The event loop of conversations, in a thread of its own.

Language models and answers live in it, for threads of HTTP requests and for the server's event loop with its
WebSockets. So a model is used by one loop, and work of an answer never delays the server's.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from threading import Lock, Thread
from typing import Any, Generic, TypeVar

Value = TypeVar("Value")

_LOOK_S = 0.25
"""Seconds between two checks whether a result is still wanted."""
_MAX_CLOSING_S = 10.0
"""Seconds for the end of what runs when the loop is closed."""


class BackgroundLoop:
    """An event loop that starts with its first use. Thread-safe."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: Thread | None = None
        self._is_closed = False

    def submit(self, work: Coroutine[Any, Any, Value]) -> Future[Value]:
        """Run ``work`` in the loop. Cancelling the future cancels it. Raises RuntimeError after :meth:`close`."""
        try:
            loop = self._running()
        except RuntimeError:
            work.close()
            raise
        return asyncio.run_coroutine_threadsafe(work, loop)

    def run(self, work: Coroutine[Any, Any, Value]) -> Value:
        """What ``work`` returns or raises; for a thread without an event loop."""
        return self.submit(work).result()

    def iterate(
        self, parts: AsyncGenerator[Value, None], is_wanted: Callable[[], bool] = lambda: True
    ) -> Iterator[Value]:
        """The values of ``parts``, for a thread without an event loop.

        Ends early, and closes ``parts``, when ``is_wanted``, which is called every quarter of a second, is false.
        """
        source = _Source(parts)
        try:
            while True:
                future = self.submit(source.next())
                while True:
                    try:
                        found, value = future.result(_LOOK_S)
                        break
                    except FutureTimeoutError:
                        if future.done():  # the work itself raised it
                            raise
                        if not is_wanted():
                            future.cancel()
                            return
                if not found or value is None or not is_wanted():
                    return
                yield value
        finally:
            self.run(source.close())

    async def stream(self, parts: AsyncGenerator[Value, None]) -> AsyncGenerator[Value, None]:
        """The values of ``parts``, for another event loop. Closing this generator closes ``parts``."""
        source = _Source(parts)
        try:
            while True:
                found, value = await asyncio.wrap_future(self.submit(source.next()))
                if not found or value is None:
                    return
                yield value
        finally:
            await asyncio.shield(asyncio.wrap_future(self.submit(source.close())))

    def close(self) -> None:
        """Cancel what runs, and end the thread."""
        with self._lock:
            self._is_closed = True
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
        if loop is None or thread is None:
            return
        asyncio.run_coroutine_threadsafe(_cancel_all(), loop).result(_MAX_CLOSING_S)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(_MAX_CLOSING_S)

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._is_closed:
                raise RuntimeError("the loop of conversations is closed")
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = Thread(target=_run, args=(self._loop,), name="conversations", daemon=True)
                self._thread.start()
            return self._loop


def _run(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


class _Source(Generic[Value]):
    """A generator that is read and closed by turns: a step that was cancelled ends before it is closed."""

    def __init__(self, parts: AsyncGenerator[Value, None]) -> None:
        self._parts = parts
        self._lock = asyncio.Lock()

    async def next(self) -> tuple[bool, Value | None]:
        """Whether there is a further value, and the value."""
        async with self._lock:
            try:
                return True, await anext(self._parts)
            except StopAsyncIteration:
                return False, None

    async def close(self) -> None:
        async with self._lock:
            await self._parts.aclose()


async def _cancel_all() -> None:
    tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
