"""The file of the SQLite database. It is created with its tables in it, so that an empty file is always an error.

SQLite itself would create an empty file at the first connection and write the tables later: after a power cut, a full
disk or a killed first start a new database would look like one that has lost its content. SQLite also deletes the
write-ahead log of an empty file when it opens it, and with it the last chance to recover anything.
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

from lipsync.settings import Settings
from lipsync.storage.atomic import AtomicFile, remove_abandoned
from lipsync.storage.errors import DatabaseError

log = logging.getLogger(__name__)

LOGS = ("-wal", "-journal")
"""Endings of SQLite's files beside a database that hold changes not yet in the database itself."""
_INDEX = "-shm"
"""Ending of the index of a write-ahead log; it holds no data."""

_creating = threading.Lock()


def ensure_database(file: Path, schema: Sequence[str], *, shown: Path | str, starting: bool) -> None:
    """Create ``file`` with the tables of ``schema`` if it is missing; check that it is not empty if it exists.

    An existing file is never opened here: when a process closes any descriptor of a file, POSIX drops all of the
    process's locks on it, SQLite's too ("How To Corrupt An SQLite Database File", 2.2). The next process that
    opens and closes it, such as ``lipsync keys``, would take itself for the last one and delete the write-ahead log.

    ``shown`` is how errors name the file. A missing file beside a log that holds data is an error when ``starting``;
    while the server runs, somebody must have deleted the file, and a new one is created. Raises DatabaseError,
    OSError, sqlite3.Error.
    """
    with _creating:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if starting:
            remove_abandoned(file.parent)
        if not file.exists():
            logs = [path for path in (file.with_name(file.name + ending) for ending in LOGS) if _size(path)]
            # Another process may have created the database, and begun its log, since it was looked for.
            if logs and not _exists(file):
                if starting:
                    raise DatabaseError("database_lost", place=shown, name=file.name, log=logs[0].name)
                for left in logs:  # SQLite would read the old content into the new file
                    left.unlink(missing_ok=True)
            if not starting and not _exists(file):
                log.error("the database %s was removed while the server runs: its jobs and keys are lost", shown)
            _create(file, schema)
    if file.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    require_content(file, shown)


def default_path(settings: Settings) -> Path:
    """Return the file of the database that is used without LIPSYNC_DATABASE."""
    return settings.state.expanduser().absolute() / "lipsync.db"


def require_content(file: Path, shown: Path | str) -> None:
    """Raise DatabaseError database_empty for a file of 0 bytes, named ``shown``; a missing file passes."""
    if _size(file) == 0:
        raise DatabaseError("database_empty", place=shown, name=file.name)


def _create(file: Path, schema: Sequence[str]) -> None:
    """Write the whole database under a temporary name and publish it, unless the file exists by now.

    Only its owner may read it: it holds the texts of queued jobs.
    """
    draft = AtomicFile(file, mode=0o600, nameless=False)  # SQLite puts its journal beside it
    part = draft.path
    try:
        with closing(sqlite3.connect(part)) as connection:
            connection.execute("PRAGMA synchronous=FULL")
            connection.executescript(";\n".join(("BEGIN", *schema, "COMMIT")))
            connection.execute("PRAGMA journal_mode=WAL")
        with suppress(FileExistsError):  # another process was quicker
            draft.publish(replace=False)
        _sync(file.parent)
    finally:
        for ending in (*LOGS, _INDEX):
            part.with_name(part.name + ending).unlink(missing_ok=True)
        draft.discard()


def _sync(folder: Path) -> None:
    """Flush the directory entries of ``folder`` to the disk, where the file system can do that."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        with suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _exists(file: Path) -> bool:
    return _size(file) is not None


def _size(file: Path) -> int | None:
    """Return the size in bytes; None for a missing file."""
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return None
