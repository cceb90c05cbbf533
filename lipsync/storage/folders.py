"""Facts about a folder of the settings: whether files can be written into it, its free space, its size."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

from lipsync.storage.atomic import AtomicFile

_PROBE_BYTES = 65_536


def nearest_existing(folder: Path) -> Path:
    """Return ``folder``, or its nearest parent that exists: a folder is created with the first file in it."""
    folder = folder.expanduser().absolute()
    return next(parent for parent in (folder, *folder.parents) if parent.exists())


def free_bytes(folder: Path) -> int:
    """Return the free space of the disk on which ``folder`` lies, or will lie. Raises OSError."""
    return shutil.disk_usage(nearest_existing(folder)).free


def used_bytes(folder: Path) -> int:
    """Return the size of all files below ``folder``; 0 where it does not exist."""
    total = 0
    for parent, _, names in os.walk(folder.expanduser()):
        for name in names:
            try:
                total += Path(parent, name).lstat().st_size
            except OSError:  # deleted meanwhile
                continue
    return total


def check_access(folder: Path, *, min_free_bytes: float) -> None:
    """Raise OSError where permissions, a read-only file system or a full disk keep files out. Writes nothing."""
    if not os.access(nearest_existing(folder), os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    if free_bytes(folder) < min_free_bytes:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def probe_write(folder: Path) -> None:
    """Raise OSError unless a file of 64 KB can be written into ``folder``, which leaves nothing behind.

    access(2), which :func:`check_access` asks, says nothing of quotas and of some network file systems.
    """
    probe = AtomicFile(nearest_existing(folder) / "probe", nameless=False)
    try:
        with probe.path.open("wb") as file:
            file.write(bytes(_PROBE_BYTES))
            file.flush()
            os.fsync(file.fileno())
    finally:
        probe.discard()
