"""The store of files: pictures that wait for their video, videos that grow, videos that are done. A folder now."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterable
from pathlib import Path

from lipsync.errors import LipsyncError
from lipsync.part import Part

_KEY = re.compile(r"(?:jobs/[0-9a-f]{32}/)?[A-Za-z0-9][\w.-]*", re.ASCII)
WORK = "jobs"
"""Folder of what is needed only while a job is made: ``jobs/<id>/picture``, ``jobs/<id>/stream-1.mp4``."""


class FileStore:
    """Files by key. Keys are the server's own; none is ever made of what a caller says."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.expanduser().absolute()

    def path(self, key: str) -> Path:
        """Where the file is, or will be, on this machine; its folder is there. Raises LipsyncError cannot_write."""
        if not _KEY.fullmatch(key):
            raise ValueError(f"{key!r} is no key of the store")
        path = self.folder / key
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LipsyncError("cannot_write", place=path.parent.name, reason=error.strerror) from error
        return path

    def put(self, key: str, data: bytes) -> None:
        """Write a file; it appears whole or not at all. Raises LipsyncError cannot_write."""
        path = self.path(key)
        try:
            part = Part(path)
            try:
                part.path.write_bytes(data)
                part.publish()
            finally:
                part.discard()
        except OSError as error:
            raise LipsyncError("cannot_write", place=key, reason=error.strerror) from error

    def get(self, key: str) -> bytes:
        """The file's bytes. Raises LipsyncError cannot_read."""
        try:
            return self.path(key).read_bytes()
        except OSError as error:
            raise LipsyncError("cannot_read", place=key, reason=error.strerror) from error

    def has(self, key: str) -> bool:
        """Whether the file is there."""
        return (self.folder / key).is_file()

    def remove(self, keys: Iterable[str]) -> None:
        """Remove files; one that is not there, or cannot be removed, is left."""
        for key in keys:
            path = self.folder / key
            try:
                path.unlink(missing_ok=True)
                if path.parent != self.folder:
                    path.parent.rmdir()
            except OSError:  # read-only, or a folder that others still need: the housekeeper comes again
                continue

    def remove_work(self, *, but: set[str], older: float) -> None:
        """Remove what jobs needed while they were made, except of the ids ``but`` and where it is younger than
        ``older`` seconds. (What somebody has open stays readable to them.)"""
        folder = self.folder / WORK
        names = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
        for name in names - but:
            try:
                files = [*(folder / name).iterdir(), folder / name]
                age = time.time() - max(path.stat().st_mtime for path in files)
                # A clock that was moved back makes files of the future.
                if age > older or age < -older:
                    shutil.rmtree(folder / name)
            except OSError:  # as above
                continue


def work_key(id: str, name: str) -> str:
    """The key of a file that the job needs only while it is made."""
    return f"{WORK}/{id}/{name}"
