"""Estimates for waiting callers: render speed of this machine, a job's place in the queue, its remaining time."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cached_property
from threading import Lock

from lipsync.errors import LipsyncError
from lipsync.jobs.job import Job
from lipsync.jobs.repository import JobRepository

OVERHEAD_CHARACTERS = 20
"""Fixed cost of a video, as a number of characters."""
_DEFAULT_S_PER_CHARACTER = 0.02
"""Seconds a character before this machine has rendered anything: a large portrait on two cores."""
_SMOOTHING = 0.3
"""Weight of the newest video in the exponential moving average."""
_HISTORY = 20
"""Number of earlier jobs from which the average starts."""
_MAX_RENDER_S = 24 * 3600.0
"""No video takes as long; a larger difference of times means that the clock was changed."""


class ThroughputEstimator:
    """Learns how many seconds a character of text takes. Safe for many threads."""

    def __init__(self, repository: JobRepository, clock: Callable[[], float] = time.time) -> None:
        """``clock`` returns seconds since the epoch, like the clock of the repository."""
        self._repository, self._clock = repository, clock
        self._lock = Lock()
        self._s_per_character: float | None = None

    def seconds(self, characters: int) -> float:
        """Return the expected render time of a text of that many characters."""
        with self._lock:
            if self._s_per_character is None:
                self._s_per_character = self._average_of_earlier_jobs()
            return (characters + OVERHEAD_CHARACTERS) * self._s_per_character

    def seconds_left(self, job: Job) -> float:
        """Return the expected remaining time of a running job.

        The further the job is, the more its own speed counts against the average of other jobs.
        """
        by_average = self.seconds(job.characters) * (1 - job.progress)
        elapsed = self._clock() - (job.started or 0.0)
        if job.progress <= 0 or not 0 < elapsed < _MAX_RENDER_S:
            return by_average
        by_own_speed = elapsed / job.progress * (1 - job.progress)
        return (1 - job.progress) * by_average + job.progress * by_own_speed

    def record(self, characters: int, seconds: float) -> None:
        """Learn from a finished video of that many characters."""
        self.seconds(0)
        with self._lock:
            previous = self._s_per_character or _DEFAULT_S_PER_CHARACTER
            newest = seconds / (characters + OVERHEAD_CHARACTERS)
            self._s_per_character = (1 - _SMOOTHING) * previous + _SMOOTHING * newest

    def _average_of_earlier_jobs(self) -> float:
        try:
            finished = [job for job in self._repository.recent_jobs(None, _HISTORY) if job.video is not None]
        except LipsyncError:
            return _DEFAULT_S_PER_CHARACTER
        characters = sum(job.characters + OVERHEAD_CHARACTERS for job in finished)
        seconds = sum(job.video.timings.get("total", 0.0) for job in finished if job.video is not None)
        return seconds / characters if seconds else _DEFAULT_S_PER_CHARACTER


class QueueEstimate:
    """A snapshot of the queue: reads the database once, when it is first needed. For one thread."""

    def __init__(self, repository: JobRepository, throughput: ThroughputEstimator, max_concurrent: int) -> None:
        """``max_concurrent`` is the number of jobs that run at the same time."""
        self._repository, self._throughput, self._max_concurrent = repository, throughput, max_concurrent

    def position(self, job: Job) -> int | None:
        """Return the job's position in the queue, 1 for the next; None unless it is queued. Raises DatabaseError."""
        if job.state != "queued":
            return None
        queue, _ = self._queue
        return queue[job.id][0] if job.id in queue else None

    def seconds_left(self, job: Job) -> float | None:
        """Return the expected seconds until the video is done; None if the job has ended. Raises DatabaseError."""
        if job.has_ended:
            return None
        if job.state == "running":
            return self._throughput.seconds_left(job)
        queue, total_s = self._queue
        before_s = queue[job.id][1] if job.id in queue else total_s
        return before_s / self._max_concurrent + self._throughput.seconds(job.characters)

    @cached_property
    def _queue(self) -> tuple[dict[str, tuple[int, float]], float]:
        """Position of each queued job and render seconds of all jobs before it, by id; render seconds of all jobs."""
        before_s = sum(self._throughput.seconds_left(job) for job in self._repository.running_jobs())
        queue: dict[str, tuple[int, float]] = {}
        for position, job in enumerate(self._repository.queued_jobs(), 1):
            queue[job.id] = (position, before_s)
            before_s += self._throughput.seconds(job.characters)
        return queue, before_s
