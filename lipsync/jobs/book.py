"""The book of jobs: all that is asked of the database, one statement at a time, so that nobody waits for long."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import CursorResult, Engine, Row, case, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql import Executable, Select, Update

from lipsync.jobs.database import speaking
from lipsync.jobs.fair import Waiting, in_turn
from lipsync.jobs.job import ENDED, Failure, Job, Made, State
from lipsync.jobs.tables import JobRow
from lipsync.progress import Stage

ATTEMPTS = 2
"""A job that the process died of is begun once more."""

_UNFINISHED = ("queued", "running")
_FIELDS = [getattr(JobRow, name) for name in Job.model_fields]


class Book:
    """The jobs of all callers. Safe for many threads and processes.

    Raises LipsyncError database_busy from any method.
    """

    def __init__(self, engine: Engine, clock: Callable[[], float] = time.time) -> None:
        """``clock`` gives seconds since the epoch, which are only shown: no order depends on them."""
        self._engine, self._clock = engine, clock

    # --- what is there

    def find(self, id: str) -> Job | None:
        """The job of that id."""
        return next(iter(self._jobs(select(*_FIELDS).where(JobRow.id == id))), None)

    def of_key(self, owner: str, key: str) -> Job | None:
        """The job that the caller asked for under this Idempotency-Key."""
        where = (JobRow.owner == owner, JobRow.idempotency_key == key)
        return next(iter(self._jobs(select(*_FIELDS).where(*where))), None)

    def recent(self, owner: str | None, limit: int) -> list[Job]:
        """The last jobs of a caller, or of all callers, the newest first."""
        asked = select(*_FIELDS).order_by(JobRow.number.desc()).limit(limit)
        return self._jobs(asked if owner is None else asked.where(JobRow.owner == owner))

    def running(self) -> list[Job]:
        """The jobs that are being made."""
        return self._jobs(select(*_FIELDS).where(JobRow.state == "running").order_by(JobRow.number))

    def waiting(self) -> list[Waiting]:
        """The jobs that wait, in the order of their turns."""
        asked = select(JobRow.id, JobRow.number, JobRow.owner, JobRow.characters).where(JobRow.state == "queued")
        waiting = [Waiting(*row) for row in self._rows(asked)]
        if not waiting:
            return []
        owners = {one.owner for one in waiting}
        last = select(JobRow.owner, func.max(JobRow.served)).where(JobRow.owner.in_(owners)).group_by(JobRow.owner)
        return in_turn(waiting, {owner: served or -1 for owner, served in self._rows(last)})

    def counts(self) -> dict[State, int]:
        """How many jobs are in each state."""
        counted: dict[State, int] = dict(self._rows(select(JobRow.state, func.count()).group_by(JobRow.state)))
        states: tuple[State, ...] = ("queued", "running", *ENDED)
        return {state: counted.get(state, 0) for state in states}

    def queued(self, owner: str | None = None) -> int:
        """How many jobs wait, of one caller or of all."""
        asked = select(func.count()).where(JobRow.state == "queued")
        (row,) = self._rows(asked if owner is None else asked.where(JobRow.owner == owner))
        return int(row[0])

    def runners(self) -> set[str]:
        """Names of those that make jobs now."""
        asked = select(JobRow.runner).where(JobRow.state == "running").distinct()
        return {name for (name,) in self._rows(asked) if name is not None}

    def unfinished(self) -> set[str]:
        """Ids of the jobs that wait or are being made."""
        return {id for (id,) in self._rows(select(JobRow.id).where(JobRow.state.in_(_UNFINISHED)))}

    # --- what happens

    def add(self, values: Mapping[str, Any]) -> bool:
        """Write a new job down, queued. False when the caller has one under this Idempotency-Key already."""
        row = {"state": "queued", "created": self._clock(), **values}
        try:
            self._change(insert(JobRow).values(row))
        except IntegrityError:
            return False
        return True

    def claim(self, runner: str, among: set[str] | None = None) -> Job | None:
        """The next job, which is now ``runner``'s; None when none waits. ``among`` are the ids that may be taken."""
        for one in self.waiting():
            if among is not None and one.id not in among:
                continue
            turn = select(func.coalesce(func.max(JobRow.served), 0) + 1).scalar_subquery()
            taken = (
                update(JobRow)
                .where(JobRow.id == one.id, JobRow.state == "queued")
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
            if self._change(taken):
                return self.find(one.id)
        return None

    def report(self, id: str, runner: str, stage: Stage, progress: float) -> bool:
        """Note how far the job is. False when it is no longer ``runner``'s: it was cancelled."""
        return self._change(self._mine(id, runner).values(stage=stage, progress=progress)) > 0

    def done(self, id: str, runner: str, made: Made) -> bool:
        """The video is there. False when the job is no longer ``runner``'s."""
        facts = {"result": made.model_dump(mode="json"), "progress": 1.0}
        return self._change(self._mine(id, runner).values(**facts, **self._end("done"))) > 0

    def failed(self, id: str, runner: str, why: Failure) -> bool:
        """There will be no video. False when the job is no longer ``runner``'s."""
        return (
            self._change(self._mine(id, runner).values(error=why.model_dump(mode="json"), **self._end("failed"))) > 0
        )

    def cancel(self, id: str) -> bool:
        """The job is wanted no more. False when it has ended already."""
        open_ = update(JobRow).where(JobRow.id == id, JobRow.state.in_(_UNFINISHED))
        return self._change(open_.values(**self._end("cancelled"))) > 0

    def hand_back(self, runner: str) -> int:
        """The jobs of a runner that ends wait again, as if they had not been begun. How many there were."""
        mine = update(JobRow).where(JobRow.runner == runner, JobRow.state == "running")
        return self._change(mine.values(attempts=JobRow.attempts - 1, **_AGAIN))

    def lost(self, runner: str) -> int:
        """The jobs of a runner that died wait again; those that it died of twice have failed. How many there were."""
        why = Failure(code="job_crashed").model_dump(mode="json")
        his = (JobRow.runner == runner, JobRow.state == "running")
        over = self._change(
            update(JobRow).where(*his, JobRow.attempts >= ATTEMPTS).values(error=why, **self._end("failed"))
        )
        return over + self._change(update(JobRow).where(*his).values(**_AGAIN))

    def forget(self, id: str) -> None:
        """Nothing is known of the job any more."""
        self._change(delete(JobRow).where(JobRow.id == id))

    def forget_old(self, hours: float) -> None:
        """Forget the jobs that ended more than ``hours`` ago, whose webhooks are sent."""
        old = JobRow.ended < self._clock() - hours * 3600
        settled = or_(JobRow.webhook_state.is_(None), JobRow.webhook_state.in_(("sent", "failed")))
        self._change(delete(JobRow).where(JobRow.state.in_(ENDED), old, settled))

    # --- how

    @staticmethod
    def _mine(id: str, runner: str) -> Update:
        return update(JobRow).where(JobRow.id == id, JobRow.runner == runner, JobRow.state == "running")

    def _end(self, state: State) -> dict[str, Any]:
        return {
            "state": state,
            "stage": "",
            "ended": self._clock(),
            "runner": None,
            "wanted": None,  # what people let be said is kept no longer than needed
            "picture": None,
            "webhook_state": case((JobRow.webhook.is_not(None), "due")),
            "webhook_next": case((JobRow.webhook.is_not(None), 0.0)),
        }

    def _jobs(self, asked: Select[*tuple[Any, ...]]) -> list[Job]:
        return [Job.model_validate(row._asdict()) for row in self._rows(asked)]

    def _rows(self, asked: Select[*tuple[Any, ...]]) -> list[Row[*tuple[Any, ...]]]:
        with speaking(), self._engine.connect() as connection:
            return list(connection.execute(asked))

    def _change(self, change: Executable) -> int:
        """How many rows it changed. Raises IntegrityError."""
        try:
            with speaking(), self._engine.begin() as connection:
                result = connection.execute(change)
                return result.rowcount if isinstance(result, CursorResult) else 0
        except Exception as error:
            if isinstance(error.__cause__, IntegrityError):
                raise error.__cause__ from None
            raise


_AGAIN = {"state": "queued", "stage": "", "progress": 0.0, "runner": None, "started": None}
