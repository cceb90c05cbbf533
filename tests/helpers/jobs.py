"""Jobs in a database of a test."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine

from lipsync.jobs.job import Job
from lipsync.jobs.repository import JobRepository
from lipsync.pipeline.result import VideoFacts
from lipsync.settings import Settings
from lipsync.storage.database import connect

Add = Callable[..., str]
"""Writes a job down, of ``owner``; its id."""

MADE = VideoFacts(
    duration=1.2, frames=30, width=512, height=600, fps=25, voice="v", engine="puppet", portrait="made",
    timings={"total": 0.5},
)  # fmt: skip


def found(repository: JobRepository, id: str) -> Job:
    job = repository.find(id)
    assert job is not None
    return job


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    engine = connect(settings)
    yield engine
    engine.dispose()


@pytest.fixture
def repository(engine: Engine) -> JobRepository:
    return JobRepository(engine)


@pytest.fixture
def add(repository: JobRepository) -> Add:
    def add(owner: str = "a", **more: object) -> str:
        id = secrets.token_hex(16)
        row = {"id": id, "owner": owner, "characters": 5, "language": "en", "avatar": "gauss"}
        assert repository.add(
            {**row, "video_request": {"text": "Hello"}, "video_key": f"avatar_{id[:8]}.mp4", **more}
        )
        return id

    return add
