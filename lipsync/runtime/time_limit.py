"""Work with a time limit that holds even when the work hangs."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import copy_context
from threading import Event, Lock, Thread
from typing import TypeVar

from lipsync.runtime.progress import use_heartbeat, wait_for_future

Value = TypeVar("Value")


class TimeLimitExceeded(Exception):
    """The time limit passed. The work goes on in its thread, and its result is cancelled."""


class TimeLimitedExecutor:
    """Runs the work of one engine in threads of their own, and knows which of it still runs after its time limit.

    Python cannot stop a thread from outside: an engine that hangs keeps its thread, and should get no further work
    until it returns (:attr:`is_stuck`). Safe for many threads.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._abandoned: dict[Event, float] = {}
        """Abandoned work, by the event that tells it so, and the end of its time in seconds of time.monotonic."""

    @property
    def is_stuck(self) -> bool:
        """Whether some work is still running after its time limit."""
        with self._lock:
            now = time.monotonic()
            return any(end <= now for end in self._abandoned.values())

    def run(self, work: Callable[[Event], Value], seconds: float) -> Value:
        """Return or raise what ``work`` does. Raises TimeLimitExceeded after ``seconds``.

        The argument of ``work`` is an event that is set when its result is no longer needed. When the heartbeat of
        the
        calling thread raises (:mod:`lipsync.runtime.progress`), the work is abandoned too, but counts as stuck only
        after its time limit.
        """
        done: Future[Value] = Future()
        cancelled = Event()

        def run() -> None:
            try:
                with use_heartbeat(None):  # that of the calling thread, which waits
                    value = work(cancelled)
            except BaseException as error:
                problem = error
                self._finish(done, cancelled, lambda: done.set_exception(problem))
            else:
                self._finish(done, cancelled, lambda: done.set_result(value))

        end = time.monotonic() + seconds
        # A daemon: a process that ends does not wait for an engine that hangs.
        # The copied context names the same request in its log lines.
        Thread(target=copy_context().run, args=(run,), name="voice", daemon=True).start()
        try:
            wait_for_future(done, seconds)
        except BaseException:
            self._abandon(done, cancelled, end)
            raise
        if self._abandon(done, cancelled, time.monotonic()):
            raise TimeLimitExceeded
        return done.result()

    def _abandon(self, done: Future[Value], cancelled: Event, end: float) -> bool:
        """Abandon the work; False if it has finished."""
        with self._lock:
            if done.done():
                return False
            cancelled.set()
            self._abandoned[cancelled] = end
            return True

    def _finish(self, done: Future[Value], cancelled: Event, give: Callable[[], None]) -> None:
        with self._lock:
            if cancelled.is_set():
                del self._abandoned[cancelled]
                done.cancel()
            else:
                give()
