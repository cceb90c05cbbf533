"""A disk that can be filled, and made read-only, on any machine.

Where this process may mount, it is a small tmpfs. Elsewhere the same failures come from the system by other ways: no
file of the server may become large (RLIMIT_FSIZE), and its folder becomes a file.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

from tests.helpers.gunicorn_server import Server

SIZE = 160_000_000
"""Bytes: with less than 100 MB free a server says that it is not ready."""


class Disk(Protocol):
    """What lies below one folder."""

    def fill(self, server: Server) -> None:
        """From now on nothing more can be written, or no large file."""
        ...

    def free(self, server: Server) -> None:
        """There is room again."""
        ...

    def forbid(self) -> None:
        """From now on it can only be read."""
        ...

    def allow(self) -> None:
        """It can be written again."""
        ...


@contextmanager
def small_disk(folder: Path, most: int = 1) -> Iterator[Disk]:
    """One at ``folder``, until the block ends. ``most`` is for where nothing may be mounted: the bytes that a file
    may still have while it is full, so that some can be written elsewhere."""
    folder.mkdir(parents=True)
    if not _mount("-t", "tmpfs", "-o", f"size={SIZE}", "lipsync-test", str(folder)):
        yield NoMount(folder, most)
        return
    try:
        yield Tmpfs(folder)
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


class Tmpfs:
    """A file system of its own, in memory."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._filler = folder, folder / "filler"

    def fill(self, server: Server) -> None:  # noqa: ARG002 - it is full for everybody
        block = bytes(4096)
        with suppress(OSError), self._filler.open("wb", buffering=0) as file:
            while True:
                file.write(block)

    def free(self, server: Server) -> None:  # noqa: ARG002
        self._filler.unlink()

    def forbid(self) -> None:
        assert _mount("-o", "remount,ro", str(self._folder))

    def allow(self) -> None:
        assert _mount("-o", "remount,rw", str(self._folder))


class NoMount:
    """A plain folder. It is full in that no file of the server may have more than so many bytes."""

    def __init__(self, folder: Path, most: int) -> None:
        self._folder, self._aside = folder, folder.with_name(f"{folder.name}-aside")
        self._most = most

    def fill(self, server: Server) -> None:
        self._limit(server, self._most)

    def free(self, server: Server) -> None:
        self._limit(server, resource.RLIM_INFINITY)

    def forbid(self) -> None:
        self._folder.rename(self._aside)
        self._folder.touch()

    def allow(self) -> None:
        self._folder.unlink()
        self._aside.rename(self._folder)

    @staticmethod
    def _limit(server: Server, most: int) -> None:
        for pid in server.processes():
            hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)[1]
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, hard))


def _mount(*how: str) -> bool:
    if os.environ.get("NO_MOUNT") or shutil.which("mount") is None:
        return False
    return subprocess.run(["mount", *how], stderr=subprocess.DEVNULL, check=False).returncode == 0
