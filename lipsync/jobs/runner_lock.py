"""Liveness of runners: each holds a file lock, which the system releases at once when its process dies.

No clock is involved, so a wrong or changed clock never makes a living runner look dead.
"""

from __future__ import annotations

import fcntl
import os
import re
from pathlib import Path

from lipsync.storage.errors import StorageError

_NAME = re.compile(r"[0-9a-f]{16}")


class RunnerLock:
    """The lock of one runner on this machine, held from construction until :meth:`release`."""

    def __init__(self, folder: Path, name: str) -> None:
        """``name`` has 16 hexadecimal digits. Raises StorageError."""
        self._folder = folder
        self._path = folder / name
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._descriptor = os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StorageError("cannot_write", place=self._path, reason=error.strerror) from error
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)

    def is_alive(self, name: str) -> bool:
        """Whether the runner of that name is alive; the lock file of a dead one is deleted."""
        if not _NAME.fullmatch(name):
            return False
        path = self._folder / name
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        except OSError:  # another user's file: unknown, so it counts as alive
            return True
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
        else:
            path.unlink(missing_ok=True)
            return False
        finally:
            os.close(descriptor)

    def release(self) -> None:
        """Release the lock and delete its file: the runner counts as dead from now on."""
        self._path.unlink(missing_ok=True)
        os.close(self._descriptor)
