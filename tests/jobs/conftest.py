"""A book of jobs in a database of its own, and what stands in it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine

from lipsync.jobs.book import Book
from lipsync.jobs.database import connect
from lipsync.settings import Settings

Add = Callable[..., str]
"""Writes a job down, of ``owner``; its id."""


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    engine = connect(settings)
    yield engine
    engine.dispose()


@pytest.fixture
def book(engine: Engine) -> Book:
    return Book(engine)


@pytest.fixture
def add(book: Book) -> Add:
    def add(owner: str = "a", **more: object) -> str:
        id = secrets.token_hex(16)
        row = {"id": id, "owner": owner, "characters": 5, "language": "en", "avatar": "gauss"}
        assert book.add({**row, "wanted": {"text": "Hello"}, "video": f"avatar_{id[:8]}.mp4", **more})
        return id

    return add
