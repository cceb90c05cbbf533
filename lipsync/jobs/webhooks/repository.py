"""Storage of webhooks: they are columns of the table of jobs, so that they survive a restart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

from sqlalchemy import ColumnElement, CursorResult, Engine, func, or_, select, update
from sqlalchemy.sql import Update

from lipsync.storage.database import translate_database_errors
from lipsync.storage.tables import JobRow


class DueWebhook(NamedTuple):
    """A webhook to be sent now."""

    id: str
    """Id of the job, and of the webhook."""
    owner: str
    url: str
    attempts: int
    """Number of earlier attempts."""


class WebhookRepository:
    """Reads and writes the webhooks of jobs that have ended. Safe for many threads and processes.

    Every method raises DatabaseError. Times are seconds since the epoch.
    """

    def __init__(self, engine: Engine, max_delay_s: float) -> None:
        """``max_delay_s`` is the longest delay of an attempt; a webhook that seems to be delayed for longer, because
        the clock was set back, is due."""
        self._engine, self._max_delay_s = engine, max_delay_s

    def find_due(self, now: float, max_count: int, accept: Callable[[DueWebhook], bool]) -> list[DueWebhook]:
        """Return up to ``max_count`` webhooks that are due and accepted by ``accept``, the longest waiting first."""
        query = (
            select(JobRow.id, JobRow.owner, JobRow.webhook, JobRow.webhook_attempts)
            .where(JobRow.webhook_state == "due", JobRow.webhook.is_not(None), self._is_due(now))
            .order_by(JobRow.webhook_next, JobRow.number)
        )
        found: list[DueWebhook] = []
        with translate_database_errors(), self._engine.connect() as connection:
            for id, owner, url, attempts in connection.execution_options(yield_per=100).execute(query):
                webhook = DueWebhook(id, owner, url or "", attempts)
                if len(found) < max_count and accept(webhook):
                    found.append(webhook)
                if len(found) == max_count:
                    break
        return found

    def seconds_to_next(self, now: float) -> float | None:
        """Return the seconds until the next webhook becomes due; None if nothing is delayed."""
        query = select(func.min(JobRow.webhook_next)).where(
            JobRow.webhook_state == "due", JobRow.webhook_next > now, ~self._is_due(now)
        )
        with translate_database_errors(), self._engine.connect() as connection:
            soonest = connection.execute(query).scalar()
        return None if soonest is None else max(0.0, soonest - now)

    def claim(self, webhook: DueWebhook, next_at: float) -> bool:
        """Count an attempt before it is made, with the time of the next. False if another process makes it."""
        claim = update(JobRow).where(
            JobRow.id == webhook.id, JobRow.webhook_state == "due", JobRow.webhook_attempts == webhook.attempts
        )
        return self._execute(claim.values(webhook_attempts=webhook.attempts + 1, webhook_next=next_at))

    def postpone(self, id: str, next_at: float) -> None:
        """Set the time of the next attempt."""
        self._execute(update(JobRow).where(JobRow.id == id).values(webhook_next=next_at))

    def finish(self, id: str, state: Literal["sent", "failed"]) -> None:
        """End the attempts."""
        self._execute(update(JobRow).where(JobRow.id == id).values(webhook_state=state, webhook_next=None))

    def _is_due(self, now: float) -> ColumnElement[bool]:
        time = JobRow.webhook_next
        return or_(time.is_(None), time <= now, time > now + self._max_delay_s)

    def _execute(self, statement: Update) -> bool:
        with translate_database_errors(), self._engine.begin() as connection:
            result = connection.execute(statement)
            return isinstance(result, CursorResult) and result.rowcount > 0
