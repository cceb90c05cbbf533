"""The tables. What other packages keep stands on the same ``Base``."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """Of every table."""


class JobRow(Base):
    """One job. Times are seconds since the epoch, for people: order is told by ``number``, which no clock moves."""

    __tablename__ = "jobs"
    __table_args__ = (
        UniqueConstraint("owner", "idempotency_key", name="one_job_a_key"),
        Index("jobs_by_state", "state", "number"),
        Index("jobs_by_owner", "owner", "number"),
        Index("jobs_by_webhook", "webhook_state", "webhook_next"),
    )

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(String(32), unique=True)
    owner: Mapped[str] = mapped_column(String(300))
    request: Mapped[str] = mapped_column(String(64), default="")
    """Id of the request that asked for it, for the log."""
    state: Mapped[str] = mapped_column(String(16))
    stage: Mapped[str] = mapped_column(String(16), default="")
    progress: Mapped[float] = mapped_column(default=0.0)
    characters: Mapped[int]
    language: Mapped[str] = mapped_column(String(16))
    avatar: Mapped[str] = mapped_column(String(200))
    wanted: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """What was asked for, until the job has ended: then the text is forgotten."""
    picture: Mapped[str | None] = mapped_column(String(200))
    """Key in the store of files of the picture that came with it."""
    video: Mapped[str] = mapped_column(String(200))
    """Key of the finished video, chosen beforehand: a job that is made twice writes one file."""
    subtitles: Mapped[str | None] = mapped_column(String(200))
    created: Mapped[float]
    started: Mapped[float | None]
    ended: Mapped[float | None]
    served: Mapped[int] = mapped_column(default=0)
    """Grows with each job that begins: whose turn was last."""
    runner: Mapped[str | None] = mapped_column(String(64))
    """Who makes it."""
    attempts: Mapped[int] = mapped_column(default=0)
    """How often it was begun and neither ended nor was handed back."""
    result: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    error: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    idempotency_key: Mapped[str | None] = mapped_column(String(200))
    digest: Mapped[str | None] = mapped_column(String(64))
    """SHA-256 of what was asked for, beside the key."""
    webhook: Mapped[str | None] = mapped_column(Text)
    webhook_state: Mapped[str | None] = mapped_column(String(16))
    """waiting (for the job to end), due, sent or failed."""
    webhook_attempts: Mapped[int] = mapped_column(default=0)
    webhook_next: Mapped[float | None]
    """When it is tried again, seconds since the epoch."""
