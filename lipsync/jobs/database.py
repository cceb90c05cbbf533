"""The database: SQLite in a file of its own, or what LIPSYNC_DATABASE names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, TimeoutError

import lipsync.access.tables  # noqa: F401 - its tables are made too
from lipsync.errors import LipsyncError
from lipsync.jobs.tables import Base
from lipsync.settings import Settings

BUSY = 5.0
"""Seconds that SQLite waits for another writer."""


def connect(settings: Settings) -> Engine:
    """The engine, its tables made where they are missing. Raises LipsyncError: database_busy, cannot_write."""
    if settings.database is not None:
        engine = create_engine(settings.database.get_secret_value(), pool_pre_ping=True)
    else:
        folder = settings.state.expanduser().absolute()
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise LipsyncError("cannot_write", place=folder, reason=error.strerror) from error
        engine = create_engine(f"sqlite:///{folder / 'lipsync.db'}", connect_args={"timeout": BUSY})
        event.listen(engine, "connect", _set_up)
    with speaking():
        Base.metadata.create_all(engine)
    return engine


def _set_up(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")  # readers do not wait for the writer
    cursor.execute("PRAGMA synchronous=FULL")  # what was answered 202 is there after a power cut too
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


@contextmanager
def speaking() -> Iterator[None]:
    """What goes wrong with the database is said in a sentence. Raises LipsyncError database_busy."""
    try:
        yield
    except (DBAPIError, TimeoutError) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        raise LipsyncError("database_busy", reason=str(cause).splitlines()[0][:100]) from error
