"""Detection of the format of a file of weights from its first bytes, before anything parses it."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Literal

from lipsync.errors import LipsyncError
from lipsync.storage.errors import StorageError
from lipsync.weights.errors import WeightsError

Format = Literal["zip", "torchscript", "legacy", "safetensors"]
"""zip: torch.save; torchscript: torch.jit.save; legacy: torch.save before PyTorch 1.6; safetensors."""

MAX_BYTES = 2_000_000_000
"""Maximum size of a file of weights. The published Wav2Lip checkpoints have 436 million bytes, two thirds of
them the optimizer's."""

_HEAD_BYTES = 1024
_LEGACY = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"
"""Pickle of torch.serialization.MAGIC_NUMBER, with which legacy files begin."""


def detect_format(path: Path) -> Format:
    """Return the format of the weights in ``path``.

    Raises WeightsError with a code for each common mistake: weights_missing, weights_folder, weights_empty,
    weights_page (a web page), weights_pointer (Git LFS), weights_text, weights_cut (truncated), weights_too_large,
    weights_unreadable; StorageError.
    """
    mistake = _common_mistake(path)
    if mistake is not None:
        raise mistake
    head = _first_bytes(path)
    if head.startswith(b"PK\x03\x04"):
        return _zip_format(path)
    if head.startswith(_LEGACY):
        return "legacy"
    if _LEGACY.startswith(head):
        raise truncated_error(path)
    if head[8:9] == b"{" and int.from_bytes(head[:8], "little") < 100_000_000:
        return "safetensors"
    raise WeightsError("weights_unreadable", file=path)


def truncated_error(path: Path) -> LipsyncError:
    """Return the error to raise for a file that ends too early."""
    return WeightsError("weights_cut", file=path, size=f"{path.stat().st_size / 1e6:.1f}")


def _common_mistake(path: Path) -> LipsyncError | None:
    """Return the error for a file that is obviously no weights; None otherwise."""
    code = "weights_folder" if path.is_dir() else "weights_unreadable" if path.exists() else "weights_missing"
    if not path.is_file():
        return WeightsError(code, file=path)
    size = path.stat().st_size
    if size > MAX_BYTES:
        return WeightsError("weights_too_large", file=path, limit=MAX_BYTES // 1_000_000)
    head = _first_bytes(path)
    lowered = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if lowered.startswith((b"<!doctype html", b"<html", b"<head", b"<?xml", b"<!--")):
        code = "weights_page"
    elif lowered.startswith(b"version https://git-lfs"):
        code = "weights_pointer"
    elif _is_text(head):
        code = "weights_text" if head else "weights_empty"
    else:
        return None
    return WeightsError(code, file=path)


def _first_bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_HEAD_BYTES)
    except OSError as error:
        raise StorageError("cannot_read", place=path, reason=error.strerror) from error


def _is_text(head: bytes) -> bool:
    """Whether the bytes are UTF-8 without control characters; the last character may be cut."""
    try:
        text = head[:-3].decode() if len(head) == _HEAD_BYTES else head.decode()
    except UnicodeDecodeError:
        return False
    return all(character.isprintable() or character in "\r\n\t\f\ufeff" for character in text)


def _zip_format(path: Path) -> Format:
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except zipfile.BadZipFile as error:  # its directory is at the end: a truncated file has none
        raise truncated_error(path) from error
    if sum(member.file_size for member in members) > MAX_BYTES:
        raise WeightsError("weights_too_large", file=path, limit=MAX_BYTES // 1_000_000)
    names = {member.filename.partition("/")[2] for member in members}
    if "data.pkl" not in names:
        raise WeightsError("weights_unreadable", file=path)
    return "torchscript" if "constants.pkl" in names else "zip"
