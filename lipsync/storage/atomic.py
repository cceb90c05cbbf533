"""Atomic writes: a file appears under its name complete, or not at all, and a killed process leaves nothing behind.

While it is written, the file has no name at all where the system can do that (``O_TMPFILE``, open(2)): the kernel
frees it when the process dies. Elsewhere it has a hidden name, ``.lipsync-<24 hex digits>.part``, and its process
holds a lock on it. :func:`remove_abandoned` deletes the hidden files that no living process has locked; it runs when
the server starts, in its periodic cleanup, and before each new file in a folder.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = ".lipsync-"
SUFFIX = ".part"

_LOCKED = re.compile(rf"{re.escape(PREFIX)}[0-9a-f]{{24}}{re.escape(SUFFIX)}(?:-wal|-shm|-journal)?")
"""Names of hidden files, and of what SQLite writes beside one. They are locked while they are written."""

_LEGACY = re.compile(
    r"\.(?:lipsync-)?[0-9a-f]{16}\.part"  # videos, subtitles, tracks, cached arrays, weights
    r"|\.[0-9a-f]{32}\.safetensors\.\d+\.[0-9a-f]{8}\.part"  # cloned voices
    r"|\.(?:config\.json|vocab\.json|speakers_xtts\.pth|model\.pth)\.part"  # XTTS
    r"|\.licence-accepted\.json\.\d+"
    r"|\.secret-[0-9a-f]{16}"
)
"""Names of unfinished files of earlier versions, which held no lock."""
_LEGACY_AGE_S = 3600.0
"""Age in seconds from which an unfinished file without a lock counts as abandoned."""


class AtomicFile:
    """A file that is written at :attr:`path` and gets the name ``target`` when it is published.

    For writers that stay open across calls; :func:`atomic_write` serves the others. Either :meth:`publish` or
    :meth:`discard` must be called; further calls do nothing. Raises OSError.
    """

    def __init__(self, target: Path, *, mode: int = 0o666, nameless: bool = True) -> None:
        """``mode`` are the permissions, before the umask. Without ``nameless`` the file always has a hidden name,
        for a writer such as SQLite that puts further files beside it."""
        self._target = target.absolute()
        remove_abandoned(self._target.parent)
        descriptor = _open_nameless(self._target.parent, mode) if nameless else None
        self._hidden: Path | None = None
        """Current hidden name; None while the file has no name."""
        if descriptor is None:
            self._hidden, descriptor = _open_hidden(self._target, mode)
        self._descriptor: int | None = descriptor
        self.path = self._hidden or Path(f"/proc/self/fd/{descriptor}")
        """Path under which this process opens the file for writing."""

    def publish(self, *, replace: bool = True) -> None:
        """Give the file, which the writer has closed, its name. After an error nothing is left of it.

        Without ``replace`` an existing file stays and FileExistsError is raised, also when two processes publish at
        the same moment (except on file systems without hard links).
        """
        if self._descriptor is None:
            return
        try:
            if not replace:
                self._link_exclusively()
                return
            if self._hidden is None:
                # A link cannot replace a file, a rename can.
                self._hidden = self._link(_hidden_name(self._target))
            self._hidden.replace(self._target)
            self._hidden = None
        finally:
            self.discard()

    def discard(self) -> None:
        """Delete the file unless it was published."""
        if self._descriptor is None:
            return
        try:
            if self._hidden is not None:
                self._hidden.unlink(missing_ok=True)
        finally:
            os.close(self._descriptor)
            self._descriptor = None

    def _link_exclusively(self) -> None:
        try:
            self._link(self._target)
        except FileExistsError:
            raise
        except OSError:
            if self._hidden is None:
                raise
            if self._target.exists():  # a file system without hard links: the check and the rename are two steps
                raise FileExistsError(self._target) from None
            self._hidden.rename(self._target)
            self._hidden = None

    def _link(self, name: Path) -> Path:
        # With src_dir_fd Python calls linkat(2), which follows the link /proc/self/fd/N.
        os.link(self.path, name, src_dir_fd=self._descriptor, follow_symlinks=True)
        return name


@contextmanager
def atomic_write(target: Path, *, mode: int = 0o666, replace: bool = True) -> Iterator[Path]:
    """Yield a path to write to; the file becomes ``target`` when the block ends, and vanishes when the block raises.

    The block must close what it opened. ``mode`` are the permissions, before the umask. Without ``replace`` an
    existing ``target`` stays and FileExistsError is raised. Raises OSError.
    """
    file = AtomicFile(target, mode=mode)
    try:
        yield file.path
        file.publish(replace=replace)
    finally:
        file.discard()


def remove_abandoned(folder: Path, now: float | None = None) -> list[Path]:
    """Delete the unfinished files that dead processes left in ``folder`` (not below it), and return their paths.

    ``now`` is in seconds since the epoch. Files that cannot be deleted are skipped; nothing is raised.
    """
    now = time.time() if now is None else now
    removed = []
    try:
        names = [entry.name for entry in os.scandir(folder) if entry.name.startswith(".")]
    except OSError:  # missing or unreadable: the writer that needs it gets the error
        return []
    for name in names:
        path = folder / name
        with suppress(OSError):  # another user's file, or one that a living process has locked
            if (_LOCKED.fullmatch(name) and _remove_unlocked(path)) or (
                _LEGACY.fullmatch(name) and _remove_older(path, now - _LEGACY_AGE_S)
            ):
                removed.append(path)
    return removed


def _remove_unlocked(path: Path) -> bool:
    owner = path.with_name(path.name.partition(SUFFIX)[0] + SUFFIX)
    try:
        if owner.lstat().st_nlink > 1:  # published under its own name; to open and close it could harm its users
            path.unlink()
            return True
        descriptor = os.open(owner, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:  # SQLite's file beside an unfinished database that is gone
        path.unlink()
        return True
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return False
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink()
        return True
    finally:
        os.close(descriptor)


def _remove_older(path: Path, moment: float) -> bool:
    """Delete a regular file that was last written before ``moment``, in seconds since the epoch."""
    facts = path.lstat()
    if not stat.S_ISREG(facts.st_mode) or facts.st_mtime >= moment:
        return False
    path.unlink()
    return True


def _hidden_name(target: Path) -> Path:
    return target.with_name(f"{PREFIX}{secrets.token_hex(12)}{SUFFIX}")


def _open_nameless(folder: Path, mode: int) -> int | None:
    """Create a file without a name in the file system of ``folder`` and lock it; None where the system cannot."""
    flag = getattr(os, "O_TMPFILE", None)
    if flag is None:
        return None
    try:
        descriptor = os.open(folder, flag | os.O_RDWR | os.O_CLOEXEC, mode)
    except OSError:  # not on this file system; any other reason is found again, and raised, with a name
        return None
    if not Path(f"/proc/self/fd/{descriptor}").exists():
        os.close(descriptor)
        return None
    with suppress(OSError):  # for the moment in which it has its hidden name
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    return descriptor


def _open_hidden(target: Path, mode: int) -> tuple[Path, int]:
    """Create a file with a hidden name beside ``target`` and lock it where the file system has locks."""
    while True:
        path = _hidden_name(target)
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, mode)
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        if os.fstat(descriptor).st_nlink:  # another process may have removed it before it was locked
            return path, descriptor
        os.close(descriptor)
