"""What went wrong lately on this side: the last few errors of status 500 and above, and jobs that failed so."""

from __future__ import annotations

import itertools
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask, Response, g, request

from lipsync.errors import LipsyncError
from lipsync.jobs.job import Job
from lipsync.runtime.logs import without_texts

_KEPT = 100


@dataclass(frozen=True)
class Incident:
    """One of them. What a person lets be said is not in it."""

    number: int
    """Grows from one to the next."""
    when: float
    """Seconds since the epoch."""
    error: LipsyncError
    where: str
    """Method and route, or ``job``."""
    request: str
    """Id under which the log has it."""
    job: str
    """Id of the job, if it was one."""


class RecentErrors:
    """The last ones, in memory. Safe for many threads: a deque is."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._numbers = itertools.count(1)
        self._kept: deque[Incident] = deque(maxlen=_KEPT)

    def last(self) -> list[Incident]:
        """The newest first."""
        return list(self._kept)[::-1]

    def job_ended(self, job: Job) -> None:
        """A job has ended; whether it failed by our fault is seen here."""
        if job.error is not None and (error := job.error.error()).is_server_fault:
            self._note(error, "job", job.request, job.id)

    def watch(self, app: Flask) -> None:
        """Note what ``app`` answers from now on."""

        def note(response: Response) -> Response:
            error = g.get("problem")
            if response.status_code >= 500 and isinstance(error, LipsyncError):
                rule = request.url_rule.rule if request.url_rule else "none"
                self._note(error, f"{request.method} {rule}", g.get("request_id", ""), "")
            return response

        app.after_request(note)

    def _note(self, error: LipsyncError, where: str, request_id: str, job: str) -> None:
        if any(request_id and (known.request, known.error.code) == (request_id, error.code) for known in self.last()):
            return  # the request waited for the job, and answers with its error
        self._kept.append(Incident(next(self._numbers), self._clock(), without_texts(error), where, request_id, job))
