"""What a file is that should hold weights: told from its first bytes, before anything parses it."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Literal

from lipsync.errors import LipsyncError

Format = Literal["zip", "torchscript", "legacy", "safetensors"]
"""torch.save as a zip; torch.jit.save; torch.save before PyTorch 1.6: pickles and raw storages; safetensors."""

LARGEST = 2_000_000_000
"""Bytes. The published Wav2Lip checkpoints have 436 million, two thirds of them the optimizer's."""

_START = 1024
_LEGACY = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"
"""A pickle of the number that old PyTorch wrote first (torch.serialization.MAGIC_NUMBER)."""


def format_of(path: Path) -> Format:
    """How the weights in ``path`` are stored.

    Raises LipsyncError: weights_missing, weights_folder, weights_empty, weights_page, weights_pointer, weights_text,
    weights_cut, weights_too_large, weights_unreadable, cannot_read.
    """
    problem = _not_weights(path)
    if problem is not None:
        raise problem
    start = _first_bytes(path)
    if start.startswith(b"PK\x03\x04"):
        return _zip_format(path)
    if start.startswith(_LEGACY):
        return "legacy"
    if _LEGACY.startswith(start):
        raise cut_short(path)
    if start[8:9] == b"{" and int.from_bytes(start[:8], "little") < 100_000_000:
        return "safetensors"
    raise LipsyncError("weights_unreadable", file=path)


def cut_short(path: Path) -> LipsyncError:
    """The error for a file that ends too early."""
    return LipsyncError("weights_cut", file=path, size=f"{path.stat().st_size / 1e6:.1f}")


def _not_weights(path: Path) -> LipsyncError | None:
    """What a person has instead of weights by mistake, or None."""
    code = "weights_folder" if path.is_dir() else "weights_unreadable" if path.exists() else "weights_missing"
    if not path.is_file():
        return LipsyncError(code, file=path)
    size = path.stat().st_size
    if size > LARGEST:
        return LipsyncError("weights_too_large", file=path, limit=LARGEST // 1_000_000)
    start = _first_bytes(path)
    opening = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if opening.startswith((b"<!doctype html", b"<html", b"<head", b"<?xml", b"<!--")):
        code = "weights_page"
    elif opening.startswith(b"version https://git-lfs"):
        code = "weights_pointer"
    elif _is_text(start):
        code = "weights_text" if start else "weights_empty"
    else:
        return None
    return LipsyncError(code, file=path)


def _first_bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_START)
    except OSError as error:
        raise LipsyncError("cannot_read", place=path, reason=error.strerror) from error


def _is_text(start: bytes) -> bool:
    """Whether the bytes are UTF-8 without control characters; the last character may be cut."""
    try:
        text = start[:-3].decode() if len(start) == _START else start.decode()
    except UnicodeDecodeError:
        return False
    return all(character.isprintable() or character in "\r\n\t\f\ufeff" for character in text)


def _zip_format(path: Path) -> Format:
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except zipfile.BadZipFile as error:  # its directory stands at the end: what was cut has none
        raise cut_short(path) from error
    if sum(member.file_size for member in members) > LARGEST:
        raise LipsyncError("weights_too_large", file=path, limit=LARGEST // 1_000_000)
    within = {member.filename.partition("/")[2] for member in members}
    if "data.pkl" not in within:
        raise LipsyncError("weights_unreadable", file=path)
    return "torchscript" if "constants.pkl" in within else "zip"
