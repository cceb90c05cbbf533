"""Work of one answer in threads, which ends promptly when the answer is not needed any longer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Executor
from contextvars import copy_context
from threading import Event
from typing import TypeVar

from lipsync.runtime.progress import Cancelled, use_heartbeat

log = logging.getLogger(__name__)

Value = TypeVar("Value")

_MAX_CLOSING_S = 5.0
"""Seconds that the end of the threads is waited for: a frame takes hundredths of one, a cancelled voice 0.2."""


class AnswerThreads:
    """Runs the blocking work of one answer. Used by one event loop; :meth:`check` by the threads."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self._cancelled = Event()
        self._running: set[asyncio.Future[object]] = set()

    def check(self) -> None:
        """Raise Cancelled when the answer is not needed any longer: for work of many steps."""
        if self._cancelled.is_set():
            raise Cancelled

    async def run(self, work: Callable[[], Value]) -> Value:
        """What ``work`` returns or raises. Its waits (:mod:`lipsync.runtime.progress`) end with the answer."""
        if self._cancelled.is_set():
            raise Cancelled

        def call() -> Value:
            with use_heartbeat(self.check):
                return work()

        future = asyncio.get_running_loop().run_in_executor(self._executor, copy_context().run, call)
        self._running.add(future)  # type: ignore[arg-type]  # a future of any value
        future.add_done_callback(self._forget)
        return await asyncio.shield(future)

    def _forget(self, future: asyncio.Future[Value]) -> None:
        self._running.discard(future)
        if not future.cancelled():
            future.exception()  # nobody waits for the work of an answer that was cancelled

    async def close(self) -> None:
        """Cancel the work, and wait until no thread is busy with it; work that hangs is abandoned."""
        self._cancelled.set()
        if self._running:
            _, hanging = await asyncio.wait(set(self._running), timeout=_MAX_CLOSING_S)
            if hanging:
                log.error("%d threads of an answer do not end", len(hanging))
