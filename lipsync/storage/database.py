"""Connection to the database: a SQLite file, or the database of LIPSYNC_DATABASE."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Engine, Row, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, DisconnectionError, TimeoutError
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.schema import CreateIndex, CreateTable
from sqlalchemy.sql import Select

from lipsync.settings import Settings
from lipsync.storage.database_file import default_path, ensure_database
from lipsync.storage.errors import DatabaseError, StorageError
from lipsync.storage.tables import Base

BUSY_TIMEOUT_S = 5.0
"""Seconds for which SQLite waits for another writer."""


def connect(settings: Settings) -> Engine:
    """Return the engine of the database, after creating missing tables. Raises DatabaseError, StorageError."""
    if settings.database is None:
        engine = _sqlite_engine(default_path(settings))
    else:
        url = make_url(settings.database.get_secret_value())
        file = _file_of(url)
        engine = create_engine(url, pool_pre_ping=True) if file is None else _sqlite_engine(file)
    with translate_database_errors():
        Base.metadata.create_all(engine)
    return engine


def _file_of(url: URL) -> Path | None:
    """Return the file of a SQLite URL without options; None for every other database."""
    plain = url.drivername in ("sqlite", "sqlite+pysqlite") and not url.query
    if not plain or not url.database or url.database == ":memory:" or url.database.startswith("file:"):
        return None
    return Path(url.database).absolute()


def _sqlite_engine(file: Path) -> Engine:
    """Return the engine of a SQLite file.

    If the file is deleted while the server runs, a new one is created; if it is replaced, the new file is used.
    """
    # mode=rw, so that SQLite never creates the file: it would be empty for a moment, and after a crash for ever.
    address = URL.create("sqlite", database=f"file:{quote(os.fsencode(file))}", query={"mode": "rw", "uri": "true"})
    engine = create_engine(address, connect_args={"timeout": BUSY_TIMEOUT_S})
    schema: list[str] = []
    for table in Base.metadata.sorted_tables:
        schema.append(str(CreateTable(table).compile(dialect=engine.dialect)))
        schema += [str(CreateIndex(index).compile(dialect=engine.dialect)) for index in table.indexes]
    with _translate_file_errors(file):  # at start the whole path is shown; a caller over HTTP gets the name alone
        ensure_database(file, schema, shown=file, starting=True)
        if not os.access(file, os.R_OK | os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    @event.listens_for(engine, "do_connect")
    def prepare(*_: object) -> None:
        with _translate_file_errors(file.name):
            ensure_database(file, schema, shown=file.name, starting=False)

    @event.listens_for(engine, "connect")
    def set_up(connection: sqlite3.Connection, record: ConnectionPoolEntry) -> None:
        record.info["file"] = _identity(file)
        _set_up(connection)
        if not _tables(connection) & Base.metadata.tables.keys():
            connection.close()
            raise DatabaseError("database_empty", place=file.name, name=file.name)

    @event.listens_for(engine, "checkout")
    def check(_connection: object, record: ConnectionPoolEntry, _proxy: object) -> None:
        if record.info["file"] != _identity(file):
            raise DisconnectionError(f"{file} is another file now")

    return engine


@contextmanager
def _translate_file_errors(place: Path | str) -> Iterator[None]:
    """Turn an OSError, or an error of SQLite, into StorageError cannot_write for ``place``."""
    try:
        yield
    except OSError as error:
        raise StorageError("cannot_write", place=place, reason=error.strerror) from error
    except sqlite3.Error as error:
        raise StorageError("cannot_write", place=place, reason=str(error)) from error


def _identity(file: Path) -> tuple[int, int] | None:
    try:
        facts = file.stat()
    except OSError:
        return None
    return facts.st_dev, facts.st_ino


def _set_up(connection: sqlite3.Connection) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")  # readers do not wait for the writer
    cursor.execute("PRAGMA synchronous=FULL")  # a job that was answered 202 survives a power cut
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _tables(connection: sqlite3.Connection) -> set[str]:
    return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def fetch_rows(engine: Engine, query: Select[*tuple[Any, ...]]) -> list[Row[*tuple[Any, ...]]]:
    """All rows of ``query``. Raises DatabaseError."""
    with translate_database_errors(), engine.connect() as connection:
        return list(connection.execute(query))


@contextmanager
def translate_database_errors() -> Iterator[None]:
    """Turn SQLAlchemy's errors into DatabaseError database_busy or database_broken.

    The message of a database server may name its host and user, so only SQLite's messages are passed on.
    """
    try:
        yield
    except (DBAPIError, TimeoutError) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        reason = str(cause).partition("\n")[0][:100] if isinstance(cause, sqlite3.Error) else type(cause).__name__
        broken = getattr(cause, "sqlite_errorcode", None) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
        raise DatabaseError("database_broken" if broken else "database_busy", reason=reason) from error
