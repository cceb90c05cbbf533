"""A cache of computed arrays and large files on disk, by key, limited in total size (least recently used first)."""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from lipsync.storage.atomic import AtomicFile, atomic_write

log = logging.getLogger(__name__)

Arrays = Mapping[str, NDArray[Any]]

_ARRAYS, _RAW = ".npz", ".raw"


class ArrayCache:
    """Stores an uncompressed .npz for each key, and a .raw file for some, in one folder of at most ``max_mb``.

    Safe for many threads and processes: an entry appears complete, and all writers of a key write the same. Nothing
    here fails a request: a damaged entry is deleted and counts as missing, and a folder that cannot be written is
    only a warning in the log.
    """

    def __init__(self, folder: Path, max_mb: float, what: str = "portrait") -> None:
        """``what`` names an entry in the log."""
        self._folder = folder.expanduser()
        self._what = what
        self._max_bytes = int(max_mb * 1e6)

    def load(self, key: str) -> dict[str, NDArray[Any]] | None:
        """Return the arrays of ``key``, or None, and mark them as used now."""
        path = self._path(key)
        try:
            with path.open("rb") as file:
                # Uncompressed, so that no array can be larger than the file, whose size is bounded.
                with zipfile.ZipFile(file) as members:
                    if any(member.compress_type != zipfile.ZIP_STORED for member in members.infolist()):
                        raise ValueError("compressed member")
                file.seek(0)
                with np.load(file, allow_pickle=False) as entry:
                    arrays = {name: entry[name] for name in entry.files}
        except FileNotFoundError:
            return None
        except Exception as error:  # damaged in any way: it is computed again
            log.warning("the cached %s %s is damaged (%s) and is computed again", self._what, path, error)
            self.delete(key)
            return None
        try:
            os.utime(path)
        except OSError:
            log.debug("cannot mark %s as used", path)
        return arrays

    def save(self, key: str, arrays: Arrays) -> bool:
        """Store the arrays; False, with a warning in the log, if they cannot be stored."""
        path = self._path(key)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with atomic_write(path) as part, part.open("wb") as file:
                np.savez(file, allow_pickle=False, **{name: np.asarray(array) for name, array in arrays.items()})
        except OSError as error:
            log.warning("cannot keep the %s in %s (%s): it is computed each time", self._what, self._folder, error)
            return False
        self._shrink(path)
        return True

    @property
    def max_file_bytes(self) -> int:
        """Maximum size in bytes of one file of :meth:`new_file`: half of the whole cache."""
        return self._max_bytes // 2

    @contextmanager
    def new_file(self, key: str) -> Iterator[BinaryIO]:
        """Yield a file, open for reading and writing, which becomes the file of ``key`` when the block ends.

        After an error it is deleted. Where the folder cannot be written (a warning in the log) the file is temporary.
        Raises OSError when the disk is full.
        """
        path = self._path(key, _RAW)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            part = AtomicFile(path)
        except OSError as error:
            log.warning("cannot keep the prepared video in %s (%s): it is prepared each time", self._folder, error)
            with tempfile.TemporaryFile() as nameless:
                yield nameless
            return
        try:
            with part.path.open("w+b") as file:
                yield file
            part.publish()
        finally:
            part.discard()
        self._shrink(path)

    def open_file(self, key: str) -> BinaryIO | None:
        """Open the file of ``key`` and mark it as used now; None if it is missing."""
        path = self._path(key, _RAW)
        try:
            file = path.open("rb")
        except OSError as error:
            if not isinstance(error, FileNotFoundError):
                log.warning("the cached video %s cannot be read (%s) and is prepared again", path, error)
            return None
        try:
            os.utime(path)
        except OSError:
            log.debug("cannot mark %s as used", path)
        return file

    def delete(self, key: str) -> None:
        """Delete the entry, if it exists and can be deleted."""
        for suffix in (_ARRAYS, _RAW):
            _remove(self._path(key, suffix))

    def _path(self, key: str, suffix: str = _ARRAYS) -> Path:
        if not key.isalnum():
            raise ValueError(f"a key must be letters and digits, not {key!r}")
        return self._folder / f"{key}{suffix}"

    def _shrink(self, newest: Path) -> None:
        """Delete the least recently used entries until the rest fits; ``newest`` stays."""
        entries: list[tuple[float, int, Path]] = []
        for path in self._folder.iterdir():
            try:
                facts = path.stat()
                if path.suffix in (_ARRAYS, _RAW):
                    entries.append((facts.st_mtime, facts.st_size, path))
            except OSError:  # deleted by another process
                continue
        total = sum(size for _, size, _ in entries)
        for _, size, path in sorted(entries):
            if total > self._max_bytes and path != newest:
                _remove(path)
                total -= size


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        log.warning("cannot remove %s: %s", path, error)


@cache
def code_fingerprint(folders: tuple[str, ...]) -> str:
    """Return a hash of the code and networks in these folders of the package, as a part of cache keys.

    So no entry of an older version is used. A version number would have to be raised by hand at each change.
    """
    package = Path(__file__).parent.parent
    digest = hashlib.sha256()
    for folder in folders:
        for file in sorted((package / folder).rglob("*")):
            if file.suffix in {".py", ".npz", ".tflite"}:
                digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()
