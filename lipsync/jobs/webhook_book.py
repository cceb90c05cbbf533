"""Which webhooks are due: they stand in the table of jobs, so that they outlive the process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

from sqlalchemy import ColumnElement, CursorResult, Engine, func, or_, select, update
from sqlalchemy.sql import Update

from lipsync.jobs.database import speaking
from lipsync.jobs.tables import JobRow


class Due(NamedTuple):
    """A webhook whose time has come."""

    id: str
    """Of the job, and of the webhook."""
    owner: str
    address: str
    attempts: int
    """Tries before this one."""


class WebhookBook:
    """The webhooks of jobs that have ended. Safe for many threads and processes.

    ``longest``: seconds for which a webhook may be put off; when the clock was moved back and one seems to be put off
    for longer, it is due. Raises LipsyncError database_busy from any method.
    """

    def __init__(self, engine: Engine, longest: float) -> None:
        self._engine, self._longest = engine, longest

    def due(self, now: float, most: int, wanted: Callable[[Due], bool]) -> list[Due]:
        """Up to ``most`` webhooks that are due and ``wanted``, those first that have waited longest."""
        asked = (
            select(JobRow.id, JobRow.owner, JobRow.webhook, JobRow.webhook_attempts)
            .where(JobRow.webhook_state == "due", JobRow.webhook.is_not(None), self._has_come(now))
            .order_by(JobRow.webhook_next, JobRow.number)
        )
        found: list[Due] = []
        with speaking(), self._engine.connect() as connection:
            for id, owner, address, attempts in connection.execution_options(yield_per=100).execute(asked):
                one = Due(id, owner, address or "", attempts)
                if len(found) < most and wanted(one):
                    found.append(one)
                if len(found) == most:
                    break
        return found

    def seconds_to_next(self, now: float) -> float | None:
        """Until the next one is due that is not due yet; None when there is none."""
        asked = select(func.min(JobRow.webhook_next)).where(
            JobRow.webhook_state == "due", JobRow.webhook_next > now, ~self._has_come(now)
        )
        with speaking(), self._engine.connect() as connection:
            soonest = connection.execute(asked).scalar()
        return None if soonest is None else max(0.0, soonest - now)

    def claim(self, one: Due, again: float) -> bool:
        """Count the try that is about to be made, and when the next would be. False when another makes it."""
        mine = update(JobRow).where(
            JobRow.id == one.id, JobRow.webhook_state == "due", JobRow.webhook_attempts == one.attempts
        )
        return self._change(mine.values(webhook_attempts=one.attempts + 1, webhook_next=again))

    def put_off(self, id: str, again: float) -> None:
        """The next try is to be at ``again``."""
        self._change(update(JobRow).where(JobRow.id == id).values(webhook_next=again))

    def settle(self, id: str, state: Literal["sent", "failed"]) -> None:
        """There will be no more tries."""
        self._change(update(JobRow).where(JobRow.id == id).values(webhook_state=state, webhook_next=None))

    def _has_come(self, now: float) -> ColumnElement[bool]:
        time = JobRow.webhook_next
        return or_(time.is_(None), time <= now, time > now + self._longest)

    def _change(self, change: Update) -> bool:
        with speaking(), self._engine.begin() as connection:
            result = connection.execute(change)
            return isinstance(result, CursorResult) and result.rowcount > 0
