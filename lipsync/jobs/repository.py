"""Storage of jobs in the database. Each call is one short statement, so that writers never wait for long."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import CursorResult, Engine, Row, case, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql import Executable, Select, Update

from lipsync.jobs.job import ENDED, Failure, Job, State
from lipsync.jobs.scheduling import QueuedJob, round_robin
from lipsync.pipeline.result import VideoFacts
from lipsync.runtime.progress import Stage
from lipsync.storage.database import fetch_rows, translate_database_errors
from lipsync.storage.tables import JobRow

MAX_ATTEMPTS = 2
"""Number of starts of a job whose process dies each time; then the job has failed."""

_UNFINISHED = ("queued", "running")
_FIELDS = [getattr(JobRow, name).label(name) for name in Job.model_fields]


class JobRepository:
    """Reads and writes the jobs of all callers. Safe for many threads and processes.

    Every method raises DatabaseError.
    """

    def __init__(self, engine: Engine, clock: Callable[[], float] = time.time) -> None:
        """``clock`` returns seconds since the epoch. Times are only displayed: no order depends on them."""
        self._engine, self._clock = engine, clock

    # --- queries

    def find(self, id: str) -> Job | None:
        """Return the job with that id, or None."""
        return next(iter(self._fetch(select(*_FIELDS).where(JobRow.id == id))), None)

    def find_by_idempotency_key(self, owner: str, key: str) -> Job | None:
        """Return the job that the caller submitted with this Idempotency-Key, or None."""
        where = (JobRow.owner == owner, JobRow.idempotency_key == key)
        return next(iter(self._fetch(select(*_FIELDS).where(*where))), None)

    def recent_jobs(self, owner: str | None, limit: int) -> list[Job]:
        """Return the last jobs of a caller, or of all callers, the newest first."""
        query = select(*_FIELDS).order_by(JobRow.number.desc()).limit(limit)
        return self._fetch(query if owner is None else query.where(JobRow.owner == owner))

    def running_jobs(self) -> list[Job]:
        """Return the jobs that are running, in the order in which they were submitted."""
        return self._fetch(select(*_FIELDS).where(JobRow.state == "running").order_by(JobRow.number))

    def queued_jobs(self) -> list[QueuedJob]:
        """Return the jobs that wait, in the order in which they will be started."""
        query = select(JobRow.id, JobRow.number, JobRow.owner, JobRow.characters).where(JobRow.state == "queued")
        queued = [QueuedJob(*row) for row in self._rows(query)]
        if not queued:
            return []
        owners = {job.owner for job in queued}
        last = select(JobRow.owner, func.max(JobRow.served)).where(JobRow.owner.in_(owners)).group_by(JobRow.owner)
        return round_robin(queued, {owner: served or -1 for owner, served in self._rows(last)})

    def count_by_state(self) -> dict[State, int]:
        """Return the number of jobs in each state."""
        counts: dict[State, int] = dict(self._rows(select(JobRow.state, func.count()).group_by(JobRow.state)))
        states: tuple[State, ...] = ("queued", "running", *ENDED)
        return {state: counts.get(state, 0) for state in states}

    def count_queued(self, owner: str | None = None) -> int:
        """Return the number of waiting jobs, of one caller or of all."""
        query = select(func.count()).where(JobRow.state == "queued")
        (row,) = self._rows(query if owner is None else query.where(JobRow.owner == owner))
        return int(row[0])

    def active_runners(self) -> set[str]:
        """Return the names of the runners that have a running job."""
        query = select(JobRow.runner).where(JobRow.state == "running").distinct()
        return {name for (name,) in self._rows(query) if name is not None}

    def unfinished_ids(self) -> set[str]:
        """Return the ids of the jobs that are queued or running."""
        return {id for (id,) in self._rows(select(JobRow.id).where(JobRow.state.in_(_UNFINISHED)))}

    # --- changes

    def add(self, values: Mapping[str, Any]) -> bool:
        """Insert a new job, queued. False if the caller already has one with this Idempotency-Key."""
        row = {"state": "queued", "created": self._clock(), **values}
        try:
            self._execute(insert(JobRow).values(row))
        except IntegrityError:
            return False
        return True

    def claim(self, runner: str, among: set[str] | None = None) -> Job | None:
        """Start the next job (among these ids, if given) on behalf of ``runner``; None if no job waits."""
        for queued in self.queued_jobs():
            if among is not None and queued.id not in among:
                continue
            turn = select(func.coalesce(func.max(JobRow.served), 0) + 1).scalar_subquery()
            claim = (
                update(JobRow)
                .where(JobRow.id == queued.id, JobRow.state == "queued")
                .values(
                    state="running",
                    runner=runner,
                    attempts=JobRow.attempts + 1,
                    served=turn,
                    started=self._clock(),
                    progress=0.0,
                    stage="",
                )
            )
            if self._execute(claim):
                return self.find(queued.id)
        return None

    def report(self, id: str, runner: str, stage: Stage, progress: float) -> bool:
        """Store the progress, 0 to 1. False if ``runner`` no longer runs the job: it was cancelled."""
        return self._execute(self._owned_by(id, runner).values(stage=stage, progress=progress)) > 0

    def mark_done(self, id: str, runner: str, video: VideoFacts) -> bool:
        """End the job successfully. False if ``runner`` no longer runs it."""
        values = {"video": video.model_dump(mode="json"), "progress": 1.0, **self._final_values("done")}
        return self._execute(self._owned_by(id, runner).values(**values)) > 0

    def mark_failed(self, id: str, runner: str, failure: Failure) -> bool:
        """End the job with an error. False if ``runner`` no longer runs it."""
        values = {"error": failure.model_dump(mode="json"), **self._final_values("failed")}
        return self._execute(self._owned_by(id, runner).values(**values)) > 0

    def cancel(self, id: str) -> bool:
        """End the job as cancelled. False if it has ended already."""
        unfinished = update(JobRow).where(JobRow.id == id, JobRow.state.in_(_UNFINISHED))
        return self._execute(unfinished.values(**self._final_values("cancelled"))) > 0

    def requeue_running(self, runner: str) -> int:
        """Put the jobs of a runner that ends back into the queue, as if never started. Returns their number."""
        owned = update(JobRow).where(JobRow.runner == runner, JobRow.state == "running")
        return self._execute(owned.values(attempts=JobRow.attempts - 1, **_REQUEUED))

    def requeue_orphaned(self, runner: str) -> int:
        """Put the jobs of a runner that died back into the queue, and return their number.

        A job whose runner has died :data:`MAX_ATTEMPTS` times is marked as failed (``job_crashed``) instead.
        """
        failure = Failure(code="job_crashed").model_dump(mode="json")
        owned = (JobRow.runner == runner, JobRow.state == "running")
        exhausted = update(JobRow).where(*owned, JobRow.attempts >= MAX_ATTEMPTS)
        failed = self._execute(exhausted.values(error=failure, **self._final_values("failed")))
        return failed + self._execute(update(JobRow).where(*owned).values(**_REQUEUED))

    def delete(self, id: str) -> None:
        """Delete the job's row, if it exists."""
        self._execute(delete(JobRow).where(JobRow.id == id))

    def delete_expired(self, max_hours: float) -> None:
        """Delete the jobs that ended more than ``max_hours`` ago and whose webhooks are settled."""
        expired = JobRow.ended < self._clock() - max_hours * 3600
        settled = or_(JobRow.webhook_state.is_(None), JobRow.webhook_state.in_(("sent", "failed")))
        self._execute(delete(JobRow).where(JobRow.state.in_(ENDED), expired, settled))

    # --- statements

    @staticmethod
    def _owned_by(id: str, runner: str) -> Update:
        return update(JobRow).where(JobRow.id == id, JobRow.runner == runner, JobRow.state == "running")

    def _final_values(self, state: State) -> dict[str, Any]:
        """Return the columns to set when a job ends in ``state``."""
        return {
            "state": state,
            "stage": "",
            "ended": self._clock(),
            "runner": None,
            "video_request": None,  # texts are personal data: stored no longer than needed
            "picture": None,
            "webhook_state": case((JobRow.webhook.is_not(None), "due")),
            "webhook_next": case((JobRow.webhook.is_not(None), 0.0)),
        }

    def _fetch(self, query: Select[*tuple[Any, ...]]) -> list[Job]:
        return [Job.model_validate(row._asdict()) for row in self._rows(query)]

    def _rows(self, query: Select[*tuple[Any, ...]]) -> list[Row[*tuple[Any, ...]]]:
        return fetch_rows(self._engine, query)

    def _execute(self, statement: Executable) -> int:
        """Execute a change and return the number of changed rows. Raises IntegrityError."""
        try:
            with translate_database_errors(), self._engine.begin() as connection:
                result = connection.execute(statement)
                return result.rowcount if isinstance(result, CursorResult) else 0
        except Exception as error:
            if isinstance(error.__cause__, IntegrityError):
                raise error.__cause__ from None
            raise


_REQUEUED = {"state": "queued", "stage": "", "progress": 0.0, "runner": None, "started": None}
