"""The tables of the database: jobs, API keys, and conversations."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """Declarative base of all tables."""


class JobRow(Base):
    """One job. Times are seconds since the epoch, for display only: the order of jobs is that of ``number``."""

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
    """Id of the HTTP request that submitted the job, as in the log."""
    state: Mapped[str] = mapped_column(String(16))
    stage: Mapped[str] = mapped_column(String(16), default="")
    progress: Mapped[float] = mapped_column(default=0.0)
    characters: Mapped[int]
    language: Mapped[str] = mapped_column(String(16))
    avatar: Mapped[str] = mapped_column(String(200))
    video_request: Mapped[dict[str, Any] | None] = mapped_column("wanted", JSON)
    """A :class:`lipsync.pipeline.request.VideoRequest`; deleted when the job ends, because texts are personal
    data."""
    picture: Mapped[str | None] = mapped_column(String(200))
    """Key (:class:`lipsync.storage.files.FileStore`) of the submitted picture; NULL when the job has ended."""
    video_key: Mapped[str] = mapped_column("video", String(200))
    """Key of the finished video, chosen at submission, so that a job that runs twice writes one file."""
    subtitles: Mapped[str | None] = mapped_column(String(200))
    created: Mapped[float]
    started: Mapped[float | None]
    ended: Mapped[float | None]
    served: Mapped[int] = mapped_column(default=0)
    """Number of the turn in which the job was last started; later turns have larger numbers."""
    runner: Mapped[str | None] = mapped_column(String(64))
    """Name of the runner that runs the job."""
    attempts: Mapped[int] = mapped_column(default=0)
    """Number of starts after which the job neither ended nor was requeued by its runner."""
    video: Mapped[dict[str, Any] | None] = mapped_column("result", JSON)
    """A :class:`lipsync.pipeline.result.VideoFacts`; NULL until the job is done."""
    error: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    idempotency_key: Mapped[str | None] = mapped_column(String(200))
    digest: Mapped[str | None] = mapped_column(String(64))
    """SHA-256 of the request, to detect a different request with the same idempotency key."""
    webhook: Mapped[str | None] = mapped_column(Text)
    webhook_state: Mapped[str | None] = mapped_column(String(16))
    """``waiting`` (for the job to end), ``due``, ``sent`` or ``failed``; NULL without a webhook."""
    webhook_attempts: Mapped[int] = mapped_column(default=0)
    webhook_next: Mapped[float | None]
    """Time of the next attempt, in seconds since the epoch."""


class KeyRow(Base):
    """One API key. Of its secret only a hash is stored."""

    __tablename__ = "keys"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    hash: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the secret, in hexadecimal."""
    scopes: Mapped[str] = mapped_column(String(100))
    """Scopes, separated by spaces."""
    created: Mapped[float]
    """Seconds since the epoch."""
    revoked: Mapped[float | None]
    """Seconds since the epoch; NULL while the key is valid."""


class ConversationRow(Base):
    """One conversation of a caller with a persona. Times are seconds since the epoch."""

    __tablename__ = "conversations"
    __table_args__ = (
        Index("conversations_by_owner", "owner", "changed"),
        Index("conversations_by_change", "changed"),
    )

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(String(32), unique=True)
    owner: Mapped[str] = mapped_column(String(300))
    persona: Mapped[str] = mapped_column(String(40))
    title: Mapped[str] = mapped_column(String(80), default="")
    """The beginning of the first question."""
    created: Mapped[float]
    changed: Mapped[float]


class UtteranceRow(Base):
    """Something that was said in a conversation: a question, or as much of an answer as was heard."""

    __tablename__ = "utterances"
    __table_args__ = (Index("utterances_by_conversation", "conversation", "number"),)

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    conversation: Mapped[str] = mapped_column(String(32))
    """Id of the conversation."""
    role: Mapped[str] = mapped_column(String(16))
    """``user`` or ``assistant``."""
    text: Mapped[str] = mapped_column(Text)
    interrupted: Mapped[bool] = mapped_column(default=False)
    created: Mapped[float]
    """Seconds since the epoch."""
