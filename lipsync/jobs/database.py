"""The database: SQLite in a file of its own, or what LIPSYNC_DATABASE names."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
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
        _private(folder / "lipsync.db")
        engine = create_engine(f"sqlite:///{folder / 'lipsync.db'}", connect_args={"timeout": BUSY})
        event.listen(engine, "connect", _set_up)
    with speaking():
        Base.metadata.create_all(engine)
    return engine


def _private(file: Path) -> None:
    """Make the file, which nobody else may read: texts that wait for their video are in it."""
    try:
        os.close(os.open(file, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise LipsyncError("cannot_write", place=file, reason=error.strerror) from error


def _set_up(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")  # readers do not wait for the writer
    cursor.execute("PRAGMA synchronous=FULL")  # what was answered 202 is there after a power cut too
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


@contextmanager
def speaking() -> Iterator[None]:
    """What goes wrong with the database is said in a sentence. Raises LipsyncError database_busy.

    A server's own words may name its machine and its user: they are for the log.
    """
    try:
        yield
    except (DBAPIError, TimeoutError) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        said = str(cause).partition("\n")[0][:100] if isinstance(cause, sqlite3.Error) else type(cause).__name__
        raise LipsyncError("database_busy", reason=said) from error
