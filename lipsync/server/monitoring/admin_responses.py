"""What the admin page is told."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from lipsync.jobs.job import State
from lipsync.server.monitoring.health import ReadyProblem
from lipsync.server.responses import Answer, Problem


class AdminJob(Answer):
    """A job, without what it says."""

    id: str
    state: State
    owner: str
    avatar: str
    language: str
    characters: int
    stage: str
    progress: float
    attempts: int
    seconds_left: float | None = Field(description="Seconds left; null unless it is running.")
    created: datetime
    started: datetime | None
    ended: datetime | None
    duration: float | None = Field(description="Seconds of the finished video.")
    seconds: float | None = Field(description="That it took to make.")
    engine: str | None
    voice: str | None
    error: Problem | None


class AdminError(Answer):
    """Something that went wrong on this side."""

    number: int
    when: datetime
    code: str
    sentence: str
    where: str
    request: str
    job: str


class Folder(Answer):
    """Where files are kept. Bytes."""

    name: str
    used: int
    limit: int | None
    free: int | None


class MemoryAnswer(Answer):
    """Bytes."""

    resident: int
    free: int
    total: int
    floor: int
    vram_free: int | None
    vram_total: int | None
    waiting: str | None = Field(description="Why no video is begun now.")


class AdminFacts(Answer):
    """All that the page shows."""

    now: datetime
    uptime: float = Field(description="Seconds.")
    versions: dict[str, str]
    problems: list[ReadyProblem] = Field(description="Why the server can take no work.")
    counts: dict[State, int] = Field(description="Jobs that are known, by state.")
    queue_limit: int
    running: list[AdminJob]
    queue: list[AdminJob] = Field(description="The next ones, in the order of their turns.")
    recent: list[AdminJob]
    errors: list[AdminError]
    folders: list[Folder]
    memory: MemoryAnswer
    threads: int
    files: int
    requests: int
    streams: int
    watchers: int
