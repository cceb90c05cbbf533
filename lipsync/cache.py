"""What was computed once, kept on disk by key and read the next time: arrays, and large files."""

from __future__ import annotations

import hashlib
import logging
import os
import secrets
import tempfile
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

log = logging.getLogger(__name__)

Arrays = Mapping[str, NDArray[Any]]

_DEAD_PART = 3600.0  # seconds


_ARRAYS, _RAW = ".npz", ".raw"


class ArrayCache:
    """One uncompressed .npz for each key, and a .raw for some, in one folder, no more of them than ``max_mb``.

    Safe for many threads and processes: an entry appears whole by a rename, and two that write the same key write
    the same. Nothing here fails a request: a damaged entry is removed and counts as absent, a folder that cannot be
    written is a warning in the log.
    """

    def __init__(self, folder: Path, max_mb: float, what: str = "portrait") -> None:
        """``what`` is kept, for the log."""
        self._folder = folder.expanduser()
        self._what = what
        self._max_bytes = int(max_mb * 1e6)

    def load(self, key: str) -> dict[str, NDArray[Any]] | None:
        """The arrays of ``key``, or None. They are marked as used now."""
        path = self._path(key)
        try:
            with path.open("rb") as file:
                # An entry of ours holds what it says: no member can be larger than the file, and the file is bounded.
                with zipfile.ZipFile(file) as members:
                    if any(member.compress_type != zipfile.ZIP_STORED for member in members.infolist()):
                        raise ValueError("a compressed member")
                file.seek(0)
                with np.load(file, allow_pickle=False) as entry:
                    arrays = {name: entry[name] for name in entry.files}
        except FileNotFoundError:
            return None
        except Exception as error:  # whatever is wrong with a file: it is made anew
            log.warning("the cached %s %s is damaged (%s) and is made anew", self._what, path, error)
            self.forget(key)
            return None
        try:
            os.utime(path)
        except OSError:
            log.debug("cannot mark %s as used", path)
        return arrays

    def save(self, key: str, arrays: Arrays) -> bool:
        """Keep the arrays; False (and a line in the log) when they cannot be kept."""
        path = self._path(key)
        part = self._part()
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with part.open("xb") as file:
                np.savez(file, allow_pickle=False, **{name: np.asarray(array) for name, array in arrays.items()})
            part.replace(path)
        except OSError as error:
            log.warning("cannot keep a %s in %s (%s): it is made each time", self._what, self._folder, error)
            _drop(part)
            return False
        self._shrink(path)
        return True

    @property
    def largest_file(self) -> int:
        """Bytes that one file of :meth:`new_file` should have at most: half of all."""
        return self._max_bytes // 2

    @contextmanager
    def new_file(self, key: str) -> Iterator[BinaryIO]:
        """A file to be filled, open for reading and writing until the block ends; then it is the file of ``key``.

        After an error it is gone. Where the folder cannot be written (a line in the log) it has no name, and goes
        with the last who has it open. Raises OSError when the disk is full.
        """
        path, part = self._path(key, _RAW), self._part()
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            file: BinaryIO = part.open("x+b")
        except OSError as error:
            log.warning("cannot keep a prepared video in %s (%s): it is prepared each time", self._folder, error)
            with tempfile.TemporaryFile() as nameless:
                yield nameless
            return
        try:
            with file:
                yield file
            part.replace(path)
        except BaseException:
            _drop(part)
            raise
        self._shrink(path)

    def open_file(self, key: str) -> BinaryIO | None:
        """The file of ``key``, or None. It is marked as used now."""
        path = self._path(key, _RAW)
        try:
            file = path.open("rb")
        except OSError as error:
            if not isinstance(error, FileNotFoundError):
                log.warning("the cached video %s cannot be read (%s) and is made anew", path, error)
            return None
        try:
            os.utime(path)
        except OSError:
            log.debug("cannot mark %s as used", path)
        return file

    def forget(self, key: str) -> None:
        """Remove the entry, if it is there and can be removed."""
        for suffix in (_ARRAYS, _RAW):
            _remove(self._path(key, suffix))

    def _path(self, key: str, suffix: str = _ARRAYS) -> Path:
        if not key.isalnum():
            raise ValueError(f"a key is letters and digits, not {key!r}")
        return self._folder / f"{key}{suffix}"

    def _part(self) -> Path:
        return self._folder / f".{secrets.token_hex(8)}.part"

    def _shrink(self, newest: Path) -> None:
        """Remove what was longest unused until the rest fits; the entry just written stays."""
        entries: list[tuple[float, int, Path]] = []
        for path in self._folder.iterdir():
            try:
                facts = path.stat()
                if path.suffix in (_ARRAYS, _RAW):
                    entries.append((facts.st_mtime, facts.st_size, path))
                elif path.suffix == ".part" and time.time() - facts.st_mtime > _DEAD_PART:
                    path.unlink(missing_ok=True)
            except OSError:  # another process removes too
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


def _drop(part: Path) -> None:
    """Remove what is not whole; why it is not has been said."""
    try:
        part.unlink(missing_ok=True)
    except OSError:
        log.debug("cannot remove %s", part)


@cache
def preparation(folders: tuple[str, ...]) -> str:
    """Changes whenever the code or the networks in these folders of the package change: what an older version kept
    is then made anew. A number raised by hand would be forgotten one day, and show an old face on new code."""
    package = Path(__file__).parent
    digest = hashlib.sha256()
    for folder in folders:
        for file in sorted((package / folder).rglob("*")):
            if file.suffix in {".py", ".npz", ".tflite"}:
                digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()
