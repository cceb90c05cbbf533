"""What runs jobs: the seam, and the runner that makes them in threads of this process."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from lipsync.errors import LipsyncError
from lipsync.jobs.alive import Pulse
from lipsync.jobs.book import Book
from lipsync.jobs.work import HandedBack
from lipsync.progress import Cancelled

log = logging.getLogger(__name__)

_PAUSE = 0.5
"""Seconds until something that must be waited for is looked at again."""

Work = Callable[[str, str, Callable[[], None]], None]
"""Makes the job of an id, for a runner of a name; the last argument raises when it shall stop."""


class Runner(Protocol):
    """Whatever runs jobs. How far they are, and how they ended, is reported in the book."""

    def submit(self, id: str) -> None:
        """The job is in the book, queued: make it when its turn has come."""
        ...

    def cancel(self, id: str) -> None:
        """The job is cancelled in the book: stop making it."""
        ...

    def recover(self) -> None:
        """See to the jobs of those that died."""
        ...

    def close(self) -> None:
        """Begin nothing more, and hand back what is not finished."""
        ...


class LocalRunner:
    """Makes jobs in threads of this process, so many at a time as there are ``places``.

    A thread lives while there is something to do. Which job is next the book says, when a place is free.
    """

    def __init__(
        self,
        book: Book,
        folder: Path,
        work: Work,
        *,
        places: int,
        why_not: Callable[[], str | None] = lambda: None,
        stopping: Callable[[], bool] = lambda: False,
        awaited: Callable[[], set[str]] = set,
    ) -> None:
        """``folder`` holds the signs of life. ``why_not`` says why no job may be begun now, such as too little
        memory. While ``stopping``, only jobs are begun that are ``awaited`` by somebody. Raises LipsyncError
        cannot_write.
        """
        self.name = secrets.token_hex(8)
        self._book, self._work, self._places = book, work, places
        self._why_not, self._stopping, self._awaited = why_not, stopping, awaited
        self._pulse = Pulse(folder, self.name)
        self._lock = threading.Lock()
        self._threads: set[threading.Thread] = set()
        self._asked = 0
        self._cancelled: dict[str, threading.Event] = {}
        self._closed = threading.Event()

    def submit(self, id: str) -> None:  # noqa: ARG002 - the book knows which one is next
        """As in :class:`Runner`."""
        with self._lock:
            self._asked += 1
            if self._closed.is_set() or len(self._threads) >= self._places:
                return
            thread = threading.Thread(target=self._run, name="render", daemon=True)
            self._threads.add(thread)
        thread.start()

    def cancel(self, id: str) -> None:
        """As in :class:`Runner`."""
        with self._lock:
            running = self._cancelled.get(id)
        if running is not None:
            running.set()

    def recover(self) -> None:
        """As in :class:`Runner`; called when a process begins, and now and then."""
        for name in self._book.runners() - {self.name}:
            if not self._pulse.beats(name) and (count := self._book.lost(name)):
                log.warning("%d jobs of a process that died are made again", count)
        for _ in range(min(self._places, self._book.queued())):
            self.submit("")

    def close(self, seconds: float = 10.0) -> None:
        """As in :class:`Runner`; a video in the making is given up at its next frame."""
        if self._closed.is_set():
            return
        self._closed.set()
        end = time.monotonic() + seconds
        with self._lock:
            threads = list(self._threads)
        for thread in threads:
            thread.join(max(0.0, end - time.monotonic()))
        try:
            if count := self._book.hand_back(self.name):
                log.info("%d jobs are handed back: they are made after the restart", count)
        except LipsyncError as error:  # the next process finds that this one is dead
            log.warning("jobs are not handed back: %s", error)
        self._pulse.stop()

    # --- a thread

    def _run(self) -> None:
        me = threading.current_thread()
        while True:
            with self._lock:
                asked = self._asked
            if self._make_next():
                continue
            with self._lock:
                if asked == self._asked or self._closed.is_set():
                    self._threads.discard(me)
                    return

    def _make_next(self) -> bool:
        """Make the next job; False when there is none for this thread."""
        job = self._claimed()
        if job is None:
            return False
        cancelled = threading.Event()
        with self._lock:
            self._cancelled[job] = cancelled

        def stop() -> None:
            if cancelled.is_set():
                raise Cancelled
            if self._closed.is_set():
                raise HandedBack

        try:
            self._work(job, self.name, stop)
        except Exception:  # a thread that dies would leave its place empty
            log.exception("job %s", job)
        finally:
            with self._lock:
                del self._cancelled[job]
        return True

    def _claimed(self) -> str | None:
        """The id of a job that this thread shall make now."""
        told = False
        while not self._closed.is_set():
            try:
                among = self._awaited() if self._stopping() else None
                reason = self._why_not() if among is None or among else None
                if reason is None:
                    job = self._book.claim(self.name, among)
                    return job.id if job else None
                if not self._book.queued():
                    return None
            except LipsyncError as error:
                reason = str(error)
            if not told:
                log.warning("jobs wait: %s", reason)
                told = True
            self._closed.wait(_PAUSE)
        return None
