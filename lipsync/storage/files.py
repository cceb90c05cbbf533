"""Storage of job files by key: submitted pictures, growing videos, finished videos. Today a local folder."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterable
from pathlib import Path

from lipsync.storage.atomic import atomic_write
from lipsync.storage.errors import StorageError

_KEY = re.compile(r"(?:jobs/[0-9a-f]{32}/)?[A-Za-z0-9][\w.-]*", re.ASCII)
WORK = "jobs"
"""Folder of files that a job needs only until it ends: ``jobs/<id>/picture``, ``jobs/<id>/stream-1.mp4``."""


class FileStore:
    """Stores files by key in one folder. The server chooses the keys; no caller ever names one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.expanduser().absolute()

    def path(self, key: str) -> Path:
        """Return the path of the file, which need not exist; its folder is created. Raises StorageError."""
        if not _KEY.fullmatch(key):
            raise ValueError(f"invalid key {key!r}")
        path = self.folder / key
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError("cannot_write", place=path.parent.name, reason=error.strerror) from error
        return path

    def put(self, key: str, data: bytes) -> None:
        """Write a file, which appears complete or not at all. Raises StorageError."""
        path = self.path(key)
        try:
            with atomic_write(path) as part:
                part.write_bytes(data)
        except OSError as error:
            raise StorageError("cannot_write", place=key, reason=error.strerror) from error

    def get(self, key: str) -> bytes:
        """Read a file. Raises StorageError."""
        try:
            return self.path(key).read_bytes()
        except OSError as error:
            raise StorageError("cannot_read", place=key, reason=error.strerror) from error

    def exists(self, key: str) -> bool:
        """Whether the file exists."""
        return (self.folder / key).is_file()

    def remove(self, keys: Iterable[str]) -> None:
        """Delete files; a missing one, or one that cannot be deleted, is skipped."""
        for key in keys:
            path = self.folder / key
            try:
                path.unlink(missing_ok=True)
                if path.parent != self.folder:
                    path.parent.rmdir()
            except OSError:  # read-only, or another file is still in the folder: the cleanup tries again
                continue

    def remove_work(self, *, keep: set[str], min_age_s: float) -> None:
        """Delete the working files of all jobs but those with the ids ``keep`` and those changed in the last
        ``min_age_s`` seconds. (A client that has opened a file can read it to its end.)"""
        folder = self.folder / WORK
        ids = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
        for id in ids - keep:
            try:
                files = [*(folder / id).iterdir(), folder / id]
                age = time.time() - max(path.stat().st_mtime for path in files)
                # After the clock was set back, files seem to come from the future.
                if abs(age) > min_age_s:
                    shutil.rmtree(folder / id)
            except OSError:
                continue


def work_key(id: str, name: str) -> str:
    """Return the key of a file that the job ``id`` needs only until it ends."""
    return f"{WORK}/{id}/{name}"
