"""Cloned voices, kept under their names: numbers and facts in safetensors files, never the recording itself."""

from __future__ import annotations

import hashlib
import json
import os
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lipsync.errors import LipsyncError

CONFIRMATION = "I may use this voice: it is mine, or the person has allowed it."
"""What a person confirms; it is kept with the voice."""
MOST = 200
"""Voices that are kept."""

_NAME = re.compile(r"[^\W_][\w \-]{0,39}")
_RESERVED = re.compile(r"(xtts|remote|silero|hibari|espeak)\b")
_LARGEST = 8_000_000  # bytes of a file; one has 140 KB
_SUFFIX = ".safetensors"


@dataclass(frozen=True)
class ClonedVoice:
    """What is known of a cloned voice."""

    name: str
    created: str
    """ISO 8601, UTC."""
    seconds: float
    """Of speech that it was made of."""
    sex: str
    """By its pitch: ``male``, ``female``, or empty."""
    model: str
    """Fingerprint of the XTTS weights that made it."""
    confirmed: str
    """What the person confirmed."""
    key: str
    """Of its content."""


@dataclass(frozen=True)
class StoredVoice(ClonedVoice):
    """With what XTTS needs."""

    style: NDArray[np.float32]
    """(1, 32, width)."""
    speaker: NDArray[np.float32]
    """(1, width, 1)."""


def clean_name(name: str) -> str:
    """The name as it is kept: in NFC, without blanks at its ends. Raises LipsyncError voice_name."""
    clean = re.sub(r"\s+", " ", unicodedata.normalize("NFC", name)).strip()
    if not _NAME.fullmatch(clean) or _RESERVED.match(clean.casefold()):
        raise LipsyncError("voice_name")
    return clean


class ClonedVoices:
    """The cloned voices in a folder. Safe for many threads and processes: a file appears and goes as a whole."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.expanduser().absolute()

    def list(self) -> list[ClonedVoice]:
        """All of them by name; what cannot be read is left out."""
        found = []
        for path in sorted(self._folder.glob(f"*{_SUFFIX}")) if self._folder.is_dir() else []:
            try:
                found.append(_facts(path))
            except LipsyncError:
                continue
        return sorted(found, key=lambda one: one.name.casefold())

    def has(self, name: str) -> bool:
        """Whether there is a voice of that name, whatever its capitals."""
        try:
            return self._path(clean_name(name)).is_file()
        except LipsyncError:
            return False

    def get(self, name: str) -> StoredVoice:
        """Raises LipsyncError: unknown_voice, voice_damaged."""
        path = self._existing(name)
        from safetensors import SafetensorError  # noqa: PLC0415 - comes with torch's extras
        from safetensors.numpy import load  # noqa: PLC0415

        facts = _facts(path)
        try:
            tensors = load(path.read_bytes())
            style, speaker = tensors["style"], tensors["speaker"]
        except (SafetensorError, KeyError, OSError) as error:
            raise LipsyncError("voice_damaged", voice=name[:40]) from error
        if style.dtype != np.float32 or speaker.dtype != np.float32:
            raise LipsyncError("voice_damaged", voice=name[:40])
        return StoredVoice(**facts.__dict__, style=style, speaker=speaker)

    def check_new(self, name: str) -> str:
        """The clean name, when such a voice can be added. Raises voice_name, voice_exists, too_many_voices."""
        clean = clean_name(name)
        if self._path(clean).exists():
            raise LipsyncError("voice_exists", voice=clean)
        if len(self.list()) >= MOST:
            raise LipsyncError("too_many_voices", limit=MOST)
        return clean

    def add(
        self,
        name: str,
        style: NDArray[np.float32],
        speaker: NDArray[np.float32],
        *,
        model: str,
        seconds: float,
        sex: str = "",
    ) -> ClonedVoice:
        """Keep a voice whose use has been confirmed. Raises what :meth:`check_new` raises, and cannot_write."""
        from safetensors.numpy import save  # noqa: PLC0415 - comes with torch's extras

        clean = self.check_new(name)
        facts = {
            "name": clean,
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "seconds": round(seconds, 2),
            "sex": sex,
            "model": model,
            "confirmed": CONFIRMATION,
        }
        data = save({"style": style, "speaker": speaker}, {"voice": json.dumps(facts, ensure_ascii=False)})
        path = self._path(clean)
        part = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}.part")
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            try:
                part.write_bytes(data)
                os.link(part, path)  # unlike a rename, it fails where another has come first
            except FileExistsError as error:
                raise LipsyncError("voice_exists", voice=clean) from error
            finally:
                part.unlink(missing_ok=True)
        except OSError as error:
            raise LipsyncError("cannot_write", place=self._folder, reason=error.strerror) from error
        return _facts(path)

    def delete(self, name: str) -> None:
        """Forget a voice. Raises LipsyncError: unknown_voice, cannot_write."""
        path = self._existing(name)
        try:
            path.unlink()
        except FileNotFoundError as error:
            raise self._unknown(name) from error
        except OSError as error:
            raise LipsyncError("cannot_write", place=self._folder, reason=error.strerror) from error

    def _path(self, clean: str) -> Path:
        # A name is never a path: letters of any script, and names that differ in capitals, are one file each.
        return self._folder / (hashlib.sha256(clean.casefold().encode()).hexdigest()[:32] + _SUFFIX)

    def _existing(self, name: str) -> Path:
        if not self.has(name):
            raise self._unknown(name)
        return self._path(clean_name(name))

    def _unknown(self, name: str) -> LipsyncError:
        shown = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in name[:40])
        return LipsyncError("unknown_voice", voice=shown, known=", ".join(one.name for one in self.list()) or "–")


def _facts(path: Path) -> ClonedVoice:
    """What the file's header says. Raises LipsyncError voice_damaged."""
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
        size = int.from_bytes(data[:8], "little")
        if len(data) > _LARGEST or not 0 < size <= len(data) - 8:
            raise ValueError("size")
        header = json.loads(data[8 : 8 + size])
        facts: Mapping[str, object] = json.loads(header["__metadata__"]["voice"])
        name, seconds = facts["name"], facts["seconds"]
        if not isinstance(name, str) or clean_name(name) != name or not isinstance(seconds, int | float):
            raise ValueError("name")
        said = {field: str(facts[field]) for field in ("created", "sex", "model", "confirmed")}
        return ClonedVoice(name=name, seconds=float(seconds), key=hashlib.sha256(data).hexdigest(), **said)
    except (OSError, ValueError, KeyError, TypeError, RecursionError, LipsyncError) as error:
        raise LipsyncError("voice_damaged", voice=path.name) from error
