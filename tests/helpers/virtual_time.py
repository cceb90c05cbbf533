"""An event loop whose clock is turned instead of waited for: minutes of a conversation pass in milliseconds."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any, TypeVar

Value = TypeVar("Value")

_DEADLOCK_S = 5.0
"""Real seconds to wait for a thread when no timer is set."""


class _Clock(selectors.SelectSelector):
    """Turns the clock to the next timer where it would have waited for it."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> Any:
        if timeout is None:
            ready = super().select(_DEADLOCK_S)
            if not ready:
                raise RuntimeError("the conversation waits for something that never comes")
            return ready
        ready = super().select(0)
        if not ready:
            self.now += timeout
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An event loop that begins at 0 s and jumps from timer to timer. Nothing in it may wait for a thread."""

    def __init__(self) -> None:
        self._clock = _Clock()
        super().__init__(self._clock)

    def time(self) -> float:
        return self._clock.now


class InlineExecutor(Executor):
    """Calls at once, in the caller's thread."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # what a thread would hand over
            future.set_exception(error)
        return future


def run_virtually(work: Coroutine[Any, Any, Value]) -> Value:
    """What ``work`` returns, in virtual time; in a thread, because Playwright's loop may run in this one."""

    def run() -> Value:
        with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
            return runner.run(work)

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(run).result()
