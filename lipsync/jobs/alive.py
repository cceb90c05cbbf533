"""Which runners live: each holds a lock on a file of its own, which the system lets go of when the process dies.

No clock is asked, and ``kill -9`` frees the lock at once.
"""

from __future__ import annotations

import fcntl
import os
import re
from pathlib import Path

from lipsync.errors import LipsyncError

_NAME = re.compile(r"[0-9a-f]{16}")


class Pulse:
    """The sign of life of one runner on this machine, for as long as it is not stopped."""

    def __init__(self, folder: Path, name: str) -> None:
        """``name`` has 16 hexadecimal digits. Raises LipsyncError cannot_write."""
        self._folder = folder
        self._path = folder / name
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file = os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise LipsyncError("cannot_write", place=self._path, reason=error.strerror) from error
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def beats(self, name: str) -> bool:
        """Whether the runner of that name lives; the file of a dead one is removed."""
        if not _NAME.fullmatch(name):
            return False
        path = self._folder / name
        try:
            file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        except OSError:  # not ours to say
            return True
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
        else:
            path.unlink(missing_ok=True)
            return False
        finally:
            os.close(file)

    def stop(self) -> None:
        """It lives no more."""
        self._path.unlink(missing_ok=True)
        os.close(self._file)
