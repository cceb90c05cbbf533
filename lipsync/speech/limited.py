"""Work with a time limit that holds even when the work hangs."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import copy_context
from threading import Event, Lock, Thread
from typing import TypeVar

from lipsync.progress import Meanwhile, wait_for_future

Value = TypeVar("Value")


class TooSlow(Exception):
    """The time is over; the work goes on by itself, and what it gives is dropped."""


class Limited:
    """Runs work of one engine in threads of its own, and knows what is still at it after its time was over.

    No thread in Python can be stopped from outside: an engine that hangs keeps its one thread, and gets no other
    until it comes back. Safe for many threads.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._left_alone: dict[Event, float] = {}
        """Work that nobody waits for any more, and when its time is over (of time.monotonic)."""

    @property
    def stuck(self) -> bool:
        """Whether some work is still running whose time is over."""
        with self._lock:
            now = time.monotonic()
            return any(end <= now for end in self._left_alone.values())

    def run(self, work: Callable[[Event], Value], seconds: float, meanwhile: Meanwhile | None = None) -> Value:
        """What ``work`` returns or raises, or TooSlow. Its argument is set when nobody waits for it any more.

        When ``meanwhile`` raises, the work is left alone too, but is not stuck before its time is over.
        """
        done: Future[Value] = Future()
        dropped = Event()

        def run() -> None:
            try:
                value = work(dropped)
            except BaseException as error:
                problem = error
                self._finish(done, dropped, lambda: done.set_exception(problem))
            else:
                self._finish(done, dropped, lambda: done.set_result(value))

        end = time.monotonic() + seconds
        # A daemon: a process that ends does not wait for an engine that hangs.
        # What is logged there is about the same request.
        Thread(target=copy_context().run, args=(run,), name="voice", daemon=True).start()
        try:
            wait_for_future(done, meanwhile, seconds)
        except BaseException:
            self._leave(done, dropped, end)
            raise
        if self._leave(done, dropped, time.monotonic()):
            raise TooSlow
        return done.result()

    def _leave(self, done: Future[Value], dropped: Event, end: float) -> bool:
        """Wait for the work no more; False when it is done."""
        with self._lock:
            if done.done():
                return False
            dropped.set()
            self._left_alone[dropped] = end
            return True

    def _finish(self, done: Future[Value], dropped: Event, give: Callable[[], None]) -> None:
        with self._lock:
            if dropped.is_set():
                del self._left_alone[dropped]
                done.cancel()
            else:
                give()
