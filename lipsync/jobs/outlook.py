"""What jobs may expect: their place in the queue, and how long it may take."""

from __future__ import annotations

from functools import cached_property

from lipsync.jobs.book import Book
from lipsync.jobs.job import Job
from lipsync.jobs.pace import Pace


class Outlook:
    """As it is now: the book is asked when it is first needed, and once, for however many jobs. For one thread."""

    def __init__(self, book: Book, pace: Pace, places: int) -> None:
        """``places`` is how many jobs are made at the same time."""
        self._book, self._pace, self._places = book, pace, places

    def place(self, job: Job) -> int | None:
        """Its place in the queue, 1 for the next; None when it does not wait. Raises LipsyncError database_busy."""
        if job.state != "queued":
            return None
        line, _ = self._queue
        return line[job.id][0] if job.id in line else None

    def seconds_left(self, job: Job) -> float | None:
        """How long it may take until the video is done; None when it has ended. Raises LipsyncError database_busy."""
        if job.has_ended:
            return None
        if job.state == "running":
            return self._pace.left(job)
        line, whole = self._queue
        before = line[job.id][1] if job.id in line else whole
        return before / self._places + self._pace.seconds(job.characters)

    @cached_property
    def _queue(self) -> tuple[dict[str, tuple[int, float]], float]:
        """By id of those that wait: the place, and the seconds that all before it take; and the seconds of all."""
        before = sum(self._pace.left(one) for one in self._book.running())
        line: dict[str, tuple[int, float]] = {}
        for place, one in enumerate(self._book.waiting(), 1):
            line[one.id] = (place, before)
            before += self._pace.seconds(one.characters)
        return line, before
