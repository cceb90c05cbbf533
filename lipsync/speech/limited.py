"""Work with a time limit that holds even when the work hangs."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from threading import Event, Lock, Thread
from typing import TypeVar

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
        self._overdue = 0

    @property
    def stuck(self) -> bool:
        """Whether some work is still running whose time is over."""
        with self._lock:
            return self._overdue > 0

    def run(self, work: Callable[[Event], Value], seconds: float) -> Value:
        """What ``work`` returns or raises, or TooSlow. Its argument is set when nobody waits for it any more."""
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

        # A daemon: a process that ends does not wait for an engine that hangs.
        Thread(target=run, name="voice", daemon=True).start()
        try:
            return done.result(seconds)
        except FutureTimeoutError:
            with self._lock:
                if done.done():  # it was ready in this very moment, or it is a TimeoutError of the work's own
                    return done.result()
                dropped.set()
                self._overdue += 1
            raise TooSlow from None

    def _finish(self, done: Future[Value], dropped: Event, give: Callable[[], None]) -> None:
        with self._lock:
            if dropped.is_set():
                self._overdue -= 1
                done.cancel()
            else:
                give()
