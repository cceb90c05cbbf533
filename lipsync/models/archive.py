"""One member of a wheel or a source archive, read without unpacking or running anything else of it."""

from __future__ import annotations

import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from lipsync.errors import LipsyncError

_BLOCK = 1 << 20


def copy_member(archive: Path, member: str, out: IO[bytes], most: int) -> int:
    """Append the bytes of ``member`` to ``out`` and return how many they were.

    The member is found by its exact name, must be a regular file, and is read up to ``most`` bytes, whatever the
    archive says of its size. Its name is never used as a path. Raises LipsyncError not_in_archive.
    """
    copied = 0
    try:
        with _opened(archive, member) as content:
            while block := content.read(_BLOCK):
                copied += len(block)
                if copied > most:
                    raise LipsyncError("not_in_archive", archive=archive.name, member=member)
                out.write(block)
    except (zipfile.BadZipFile, tarfile.TarError, KeyError, EOFError, RuntimeError) as error:
        raise LipsyncError("not_in_archive", archive=archive.name, member=member) from error
    return copied


@contextmanager
def _opened(archive: Path, member: str) -> Iterator[IO[bytes]]:
    if archive.name.endswith(".tar.gz"):
        with tarfile.open(archive, "r:gz") as files:
            for one in files:
                if one.name == member and one.isreg():
                    content = files.extractfile(one)
                    if content is not None:
                        with content:
                            yield content
                        return
        raise KeyError(member)
    with zipfile.ZipFile(archive) as members, members.open(member) as stored:
        yield stored
