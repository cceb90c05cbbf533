"""Files that are not complete yet: they have no name, or a hidden one beside their own, until they are.

A process may be killed at any moment, and then nothing of it can clean up. So a file that is being written has no
name at all where the system can do that (O_TMPFILE, open(2)): the kernel frees it with the process. Elsewhere it has
a hidden name and is locked by its process; the next process that writes into the folder removes those without a lock.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import stat
from contextlib import suppress
from pathlib import Path

PREFIX = ".lipsync-"
SUFFIX = ".part"

_LOCKED = re.compile(rf"{re.escape(PREFIX)}[0-9a-f]{{24}}{re.escape(SUFFIX)}(?:-wal|-shm|-journal)?")
"""Names of files that are locked while they are written; versions up to 6e66d2b had 16 digits and no lock."""


def is_part(path: Path) -> bool:
    """Whether it is such a file."""
    return path.name.startswith(PREFIX) and path.suffix == SUFFIX


class Part:
    """A file that is written at :attr:`path` and appears as ``target`` when it is published.

    Publishing replaces a file of that name. Either :meth:`publish` or :meth:`discard` must be called, once or more
    often; a process that dies before leaves nothing behind. Raises OSError.
    """

    def __init__(self, target: Path, *, nameless: bool = True) -> None:
        """``nameless`` off: the file has a hidden name in any case, for those who must find others beside it."""
        self._target = target.absolute()
        remove_dead_parts(self._target.parent)
        descriptor = _open_nameless(self._target.parent) if nameless else None
        self._hidden: Path | None = None
        """The name in its folder, while there is one."""
        if descriptor is None:
            self._hidden, descriptor = _open_hidden(self._target)
        self._descriptor: int | None = descriptor
        self.path = self._hidden or Path(f"/proc/self/fd/{descriptor}")
        """Where it is opened for writing, in this process."""

    def publish(self) -> None:
        """Give the file its name. It must have been closed. After an error nothing is left of it."""
        if self._descriptor is None:
            return
        try:
            if self._hidden is None:
                hidden = _hidden_name(self._target)
                # A link cannot replace a file, a rename can. With dir_fd Python calls linkat(2), which follows /proc.
                os.link(self.path, hidden, src_dir_fd=self._descriptor, follow_symlinks=True)
                self._hidden = hidden
            self._hidden.replace(self._target)
            self._hidden = None
        finally:
            self.discard()

    def discard(self) -> None:
        """Remove the file unless it was published."""
        if self._descriptor is None:
            return
        try:
            if self._hidden is not None:
                self._hidden.unlink(missing_ok=True)
        finally:
            os.close(self._descriptor)
            self._descriptor = None


def remove_dead_parts(folder: Path) -> None:
    """Remove from ``folder`` the unfinished files of processes that have died, and no others. Raises nothing."""
    try:
        dead = [path for path in folder.iterdir() if _LOCKED.fullmatch(path.name)]
    except OSError:  # no such folder, or one that cannot be listed: who writes into it will hear of it
        return
    for path in dead:
        with suppress(OSError):  # another user's, or locked by a process that lives
            _remove_unlocked(path)


def _remove_unlocked(path: Path) -> None:
    owner = path.with_name(path.name.partition(SUFFIX)[0] + SUFFIX)
    try:
        if owner.lstat().st_nlink > 1:  # published under its own name; to open and close it could harm its users
            path.unlink()
            return
        descriptor = os.open(owner, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:  # what SQLite left beside a part that is removed already
        path.unlink()
        return
    try:
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
    finally:
        os.close(descriptor)


def _hidden_name(target: Path) -> Path:
    return target.with_name(f"{PREFIX}{secrets.token_hex(12)}{SUFFIX}")


def _open_nameless(folder: Path) -> int | None:
    """A file without a name in the file system of ``folder``, locked; None where the system has none."""
    kind = getattr(os, "O_TMPFILE", None)
    if kind is None:
        return None
    try:
        descriptor = os.open(folder, kind | os.O_RDWR | os.O_CLOEXEC, 0o666)
    except OSError:  # not on this file system; any other reason is found again, and raised, with a name
        return None
    if not Path(f"/proc/self/fd/{descriptor}").exists():
        os.close(descriptor)
        return None
    with suppress(OSError):  # for the moment in which it has its hidden name
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    return descriptor


def _open_hidden(target: Path) -> tuple[Path, int]:
    """A new file with a hidden name beside ``target``, locked where the file system has locks."""
    while True:
        path = _hidden_name(target)
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o666)
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        if os.fstat(descriptor).st_nlink:  # another process may have removed it before it was locked
            return path, descriptor
        os.close(descriptor)
