"""The file of the SQLite database: it appears with its tables in it, so that an empty one is always a fault.

SQLite itself would create an empty file at the first connection and write the tables later: after a power cut, a full
disk or a killed first start nobody could tell a new database from one that has lost its content. SQLite also deletes
the write-ahead log of an empty file when it opens it, and with it the last chance to recover anything.
"""

from __future__ import annotations

import errno
import logging
import os
import sqlite3
import threading
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path

from lipsync.errors import LipsyncError
from lipsync.part import Part, remove_dead_parts
from lipsync.settings import Settings

log = logging.getLogger(__name__)

LOGS = ("-wal", "-journal")
"""Endings of the files beside a database in which SQLite keeps what is not in the database itself yet."""
_INDEX = "-shm"
"""Ending of the index of a write-ahead log; it holds no data."""

_creating = threading.Lock()


def ensure_database(file: Path, schema: Sequence[str], *, shown: Path | str, starting: bool) -> None:
    """Create ``file`` with the tables of ``schema`` where it is missing; check it where it is there.

    An existing file is never opened here: when a process closes any descriptor of a file, POSIX drops all of the
    process's locks on it, SQLite's too ("How To Corrupt An SQLite Database File", 2.2). The next process that
    opens and closes it, such as ``lipsync keys``, would take itself for the last one and remove the write-ahead log.

    ``shown`` is how errors name the file. A missing file beside a log that holds data is an error when ``starting``;
    a server that runs loses its database by somebody's own hand, and creates a new one. Raises LipsyncError
    database_empty, database_lost; OSError, sqlite3.Error.
    """
    with _creating:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if starting:
            remove_dead_parts(file.parent)
        if not file.exists():
            logs = [path for path in (file.with_name(file.name + ending) for ending in LOGS) if _size(path)]
            # Another process may have created the database, and begun its log, since it was looked for.
            if logs and not _is_there(file):
                if starting:
                    raise LipsyncError("database_lost", place=shown, name=file.name, log=logs[0].name)
                for left in logs:  # SQLite would read the old content into the new file
                    left.unlink(missing_ok=True)
            if not starting and not _is_there(file):
                log.error("the database %s was removed while the server runs: its jobs and keys are lost", shown)
            _create(file, schema)
    if file.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    require_content(file, shown)


def default_path(settings: Settings) -> Path:
    """The file of the database where LIPSYNC_DATABASE names none."""
    return settings.state.expanduser().absolute() / "lipsync.db"


def require_content(file: Path, shown: Path | str) -> None:
    """Raises LipsyncError database_empty for a file of 0 bytes, which errors name ``shown``; none need be there."""
    if _size(file) == 0:
        raise LipsyncError("database_empty", place=shown, name=file.name)


def _create(file: Path, schema: Sequence[str]) -> None:
    """Write the whole database under a temporary name, to the disk, and give it its name unless it is taken.

    Nobody but its owner may read it: texts that wait for their video are in it.
    """
    draft = Part(file, nameless=False)  # SQLite puts its journal beside it
    part = draft.path
    try:
        part.chmod(0o600)
        with closing(sqlite3.connect(part)) as connection:
            connection.execute("PRAGMA synchronous=FULL")
            connection.executescript(";\n".join(("BEGIN", *schema, "COMMIT")))
            connection.execute("PRAGMA journal_mode=WAL")
        try:
            with suppress(FileExistsError):  # another process was quicker
                file.hardlink_to(part)
        except OSError:  # a file system without hard links
            if not _is_there(file):
                part.rename(file)
        _sync(file.parent)
    finally:
        for ending in (*LOGS, _INDEX):
            part.with_name(part.name + ending).unlink(missing_ok=True)
        draft.discard()


def _sync(folder: Path) -> None:
    """Write the names in ``folder`` to the disk, where the file system can do that."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        with suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _is_there(file: Path) -> bool:
    return _size(file) is not None


def _size(file: Path) -> int | None:
    """Size in bytes; None where there is no such file."""
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return None
