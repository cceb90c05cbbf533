"""The database: SQLite in a file of its own, or what LIPSYNC_DATABASE names."""

from __future__ import annotations

import errno
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import Dialect, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, DisconnectionError, TimeoutError
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.schema import CreateIndex, CreateTable

import lipsync.access.tables  # noqa: F401 - its tables are made too
from lipsync.errors import LipsyncError
from lipsync.jobs.tables import Base
from lipsync.settings import Settings

BUSY = 5.0
"""Seconds that SQLite waits for another writer."""

_making = threading.Lock()


def connect(settings: Settings) -> Engine:
    """The engine, its tables made where they are missing. Raises LipsyncError: database_busy, database_broken,
    cannot_write."""
    if settings.database is not None:
        engine = create_engine(settings.database.get_secret_value(), pool_pre_ping=True)
    else:
        engine = _engine_of(settings.state.expanduser().absolute() / "lipsync.db")
    with speaking():
        Base.metadata.create_all(engine)
    return engine


def _engine_of(file: Path) -> Engine:
    """Of SQLite. When the file was removed, or another put in its place, all goes on with what is there then."""
    with _writing(file):  # who starts it may know the whole path; who asks later is told the name alone
        _private(file)
        if not os.access(file, os.R_OK | os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    engine = create_engine(f"sqlite:///{file}", connect_args={"timeout": BUSY})

    @event.listens_for(engine, "do_connect")
    def prepare(*_: object) -> None:
        with _writing(file.name):
            _private(file)

    @event.listens_for(engine, "connect")
    def set_up(connection: sqlite3.Connection, record: ConnectionPoolEntry) -> None:
        record.info["file"] = _identity(file)
        _set_up(connection, engine.dialect)

    @event.listens_for(engine, "checkout")
    def check(_connection: object, record: ConnectionPoolEntry, _proxy: object) -> None:
        if record.info["file"] != _identity(file):
            raise DisconnectionError(f"{file} is another file now")

    return engine


def _private(file: Path) -> None:
    """Make the file where it is missing, which nobody else may read: texts that wait for their video are in it.

    One that is there is never opened here: when a process closes any descriptor of a file, POSIX takes all of the
    process's locks on it away, SQLite's too ("How To Corrupt An SQLite Database File", 2.2). The next process that
    came and went, such as ``lipsync keys``, would take itself for the last one and remove the write-ahead log.
    Raises OSError.
    """
    with _making:  # no other thread has it open before it is closed here
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not file.exists():
            with suppress(FileExistsError):  # another process was quicker
                os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))
    if file.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))


@contextmanager
def _writing(place: Path | str) -> Iterator[None]:
    """Raises LipsyncError cannot_write for ``place`` where an OSError is raised."""
    try:
        yield
    except OSError as error:
        raise LipsyncError("cannot_write", place=place, reason=error.strerror) from error


def _identity(file: Path) -> tuple[int, int] | None:
    try:
        facts = file.stat()
    except OSError:
        return None
    return facts.st_dev, facts.st_ino


def _set_up(connection: sqlite3.Connection, dialect: Dialect) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")  # readers do not wait for the writer
    cursor.execute("PRAGMA synchronous=FULL")  # what was answered 202 is there after a power cut too
    cursor.execute("PRAGMA foreign_keys=ON")
    if cursor.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,):
        for table in Base.metadata.sorted_tables:
            cursor.execute(str(CreateTable(table, if_not_exists=True).compile(dialect=dialect)))
            for index in table.indexes:
                cursor.execute(str(CreateIndex(index, if_not_exists=True).compile(dialect=dialect)))
    cursor.close()


@contextmanager
def speaking() -> Iterator[None]:
    """What goes wrong with the database is said in a sentence. Raises LipsyncError: database_busy, database_broken.

    A server's own words may name its machine and its user: they are for the log.
    """
    try:
        yield
    except (DBAPIError, TimeoutError) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        said = str(cause).partition("\n")[0][:100] if isinstance(cause, sqlite3.Error) else type(cause).__name__
        broken = getattr(cause, "sqlite_errorcode", None) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
        raise LipsyncError("database_broken" if broken else "database_busy", reason=said) from error
