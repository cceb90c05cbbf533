"""The database: SQLite in a file of its own, or what LIPSYNC_DATABASE names."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, DisconnectionError, TimeoutError
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.schema import CreateIndex, CreateTable

import lipsync.access.tables  # noqa: F401 - its tables are made too
from lipsync.errors import LipsyncError
from lipsync.jobs.database_file import default_path, ensure_database
from lipsync.jobs.tables import Base
from lipsync.settings import Settings

BUSY = 5.0
"""Seconds that SQLite waits for another writer."""


def connect(settings: Settings) -> Engine:
    """The engine, its tables made where they are missing. Raises LipsyncError: database_busy, database_broken,
    database_empty, database_lost, cannot_write."""
    if settings.database is None:
        engine = _engine_of(default_path(settings))
    else:
        url = make_url(settings.database.get_secret_value())
        file = _file_of(url)
        engine = create_engine(url, pool_pre_ping=True) if file is None else _engine_of(file)
    with speaking():
        Base.metadata.create_all(engine)
    return engine


def _file_of(url: URL) -> Path | None:
    """The file of a SQLite database that is named without any option; None for every other database."""
    plain = url.drivername in ("sqlite", "sqlite+pysqlite") and not url.query
    if not plain or not url.database or url.database == ":memory:" or url.database.startswith("file:"):
        return None
    return Path(url.database).absolute()


def _engine_of(file: Path) -> Engine:
    """The engine of a SQLite file. When it was removed while the server runs, a new one is created; when another was
    put in its place, that one is used."""
    # Never SQLite itself creates the file: it would be empty for a moment, and after a crash for ever.
    address = URL.create("sqlite", database=f"file:{quote(os.fsencode(file))}", query={"mode": "rw", "uri": "true"})
    engine = create_engine(address, connect_args={"timeout": BUSY})
    schema: list[str] = []
    for table in Base.metadata.sorted_tables:
        schema.append(str(CreateTable(table).compile(dialect=engine.dialect)))
        schema += [str(CreateIndex(index).compile(dialect=engine.dialect)) for index in table.indexes]
    with _writing(file):  # at start the whole path is shown; a caller over HTTP gets the name alone
        ensure_database(file, schema, shown=file, starting=True)
        if not os.access(file, os.R_OK | os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    @event.listens_for(engine, "do_connect")
    def prepare(*_: object) -> None:
        with _writing(file.name):
            ensure_database(file, schema, shown=file.name, starting=False)

    @event.listens_for(engine, "connect")
    def set_up(connection: sqlite3.Connection, record: ConnectionPoolEntry) -> None:
        record.info["file"] = _identity(file)
        _set_up(connection)
        if not _tables(connection) & Base.metadata.tables.keys():
            connection.close()
            raise LipsyncError("database_empty", place=file.name, name=file.name)

    @event.listens_for(engine, "checkout")
    def check(_connection: object, record: ConnectionPoolEntry, _proxy: object) -> None:
        if record.info["file"] != _identity(file):
            raise DisconnectionError(f"{file} is another file now")

    return engine


@contextmanager
def _writing(place: Path | str) -> Iterator[None]:
    """Raises LipsyncError cannot_write for ``place`` where an OSError or an error of SQLite is raised."""
    try:
        yield
    except OSError as error:
        raise LipsyncError("cannot_write", place=place, reason=error.strerror) from error
    except sqlite3.Error as error:
        raise LipsyncError("cannot_write", place=place, reason=str(error)) from error


def _identity(file: Path) -> tuple[int, int] | None:
    try:
        facts = file.stat()
    except OSError:
        return None
    return facts.st_dev, facts.st_ino


def _set_up(connection: sqlite3.Connection) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")  # readers do not wait for the writer
    cursor.execute("PRAGMA synchronous=FULL")  # what was answered 202 is there after a power cut too
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _tables(connection: sqlite3.Connection) -> set[str]:
    return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


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
