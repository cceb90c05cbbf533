"""How long a video should take, from how long the last ones took."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock

from lipsync.errors import LipsyncError
from lipsync.jobs.book import Book
from lipsync.jobs.job import Job

OVERHEAD = 20
"""Characters: what a video costs before its first letter."""
_UNKNOWN = 0.02
"""Seconds a character, until this machine knows better: a large portrait on two cores."""
_WEIGHT = 0.3
"""Of a new video against all before it."""
_LAST = 20
_LONGEST = 24 * 3600.0
"""Seconds; no video takes as long."""


class Pace:
    """Seconds a character, learned. Safe for many threads."""

    def __init__(self, book: Book, clock: Callable[[], float] = time.time) -> None:
        """``clock`` gives seconds since the epoch, as the book's."""
        self._book, self._clock = book, clock
        self._lock = Lock()
        self._pace: float | None = None

    def seconds(self, characters: int) -> float:
        """How long a text of so many characters should take."""
        with self._lock:
            if self._pace is None:
                self._pace = self._of_the_last()
            return (characters + OVERHEAD) * self._pace

    def left(self, job: Job) -> float:
        """Seconds until a job that is being made should be done: the further it is, the more its own speed counts."""
        learned = self.seconds(job.characters) * (1 - job.progress)
        passed = self._clock() - (job.started or 0.0)
        if job.progress <= 0 or not 0 < passed < _LONGEST:  # clocks are moved
            return learned
        own = passed / job.progress * (1 - job.progress)
        return (1 - job.progress) * learned + job.progress * own

    def learn(self, characters: int, seconds: float) -> None:
        """A video of so many characters took so long."""
        self.seconds(0)
        with self._lock:
            self._pace = (1 - _WEIGHT) * (self._pace or _UNKNOWN) + _WEIGHT * seconds / (characters + OVERHEAD)

    def _of_the_last(self) -> float:
        """Of the videos that an earlier process made."""
        try:
            made = [job for job in self._book.recent(None, _LAST) if job.result is not None]
        except LipsyncError:
            return _UNKNOWN
        characters = sum(job.characters + OVERHEAD for job in made)
        seconds = sum(job.result.timings.get("total", 0.0) for job in made if job.result is not None)
        return seconds / characters if seconds else _UNKNOWN
