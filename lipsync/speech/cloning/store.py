"""Storage of cloned voices: latents and metadata in safetensors files, never the recording itself."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lipsync.errors import LipsyncError
from lipsync.speech.errors import CloningError, UnknownVoiceError
from lipsync.storage.atomic import atomic_write
from lipsync.storage.errors import StorageError

CONFIRMATION = "I may use this voice: it is mine, or the person has allowed it."
"""Statement that the caller confirms; it is stored with the voice."""
MAX_VOICES = 200
"""Maximum number of stored voices."""

_NAME = re.compile(r"[^\W_][\w \-]{0,39}")
_RESERVED = re.compile(r"(xtts|remote|silero|hibari|espeak)\b")
_MAX_FILE_BYTES = 8_000_000  # a file has about 140 kB
_SUFFIX = ".safetensors"


@dataclass(frozen=True)
class ClonedVoice:
    """Metadata of a cloned voice."""

    name: str
    created: str
    """Time of creation in UTC, ISO 8601."""
    seconds: float
    """Seconds of speech in the reference recordings."""
    sex: str
    """``male`` or ``female``, estimated from the pitch; empty if undecided."""
    model: str
    """Fingerprint of the XTTS weights that computed the latents."""
    confirmed: str
    """The statement that was confirmed."""
    key: str
    """SHA-256 of the file."""


@dataclass(frozen=True)
class ClonedVoiceLatents(ClonedVoice):
    """A cloned voice with its XTTS latents."""

    style: NDArray[np.float32]
    """(1, 32, width) float32: conditioning of the GPT."""
    speaker: NDArray[np.float32]
    """(1, width, 1) float32: speaker embedding."""


def clean_name(name: str) -> str:
    """The name in NFC with single spaces, as it is stored. Raises CloningError for an invalid name."""
    clean = re.sub(r"\s+", " ", unicodedata.normalize("NFC", name)).strip()
    if not _NAME.fullmatch(clean) or _RESERVED.match(clean.casefold()):
        raise CloningError("voice_name")
    return clean


class ClonedVoiceStore:
    """The cloned voices in a folder. Safe for threads and processes: files are created and deleted atomically."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.expanduser().absolute()

    def list(self) -> list[ClonedVoice]:
        """All voices sorted by name; unreadable files are skipped."""
        voices = []
        for path in sorted(self._folder.glob(f"*{_SUFFIX}")) if self._folder.is_dir() else []:
            try:
                voices.append(_read_metadata(path))
            except LipsyncError:
                continue
        return sorted(voices, key=lambda voice: voice.name.casefold())

    def has(self, name: str) -> bool:
        """Whether there is a voice of that name, ignoring case."""
        try:
            return self._path(clean_name(name)).is_file()
        except LipsyncError:
            return False

    def get(self, name: str) -> ClonedVoiceLatents:
        """The voice of that name, ignoring case. Raises UnknownVoiceError, or CloningError for a damaged file."""
        path = self._existing(name)
        from safetensors import SafetensorError  # noqa: PLC0415 - comes with torch's extras
        from safetensors.numpy import load  # noqa: PLC0415

        facts = _read_metadata(path)
        try:
            tensors = load(path.read_bytes())
            style, speaker = tensors["style"], tensors["speaker"]
        except (SafetensorError, KeyError, OSError) as error:
            raise CloningError("voice_damaged", voice=name[:40]) from error
        if style.dtype != np.float32 or speaker.dtype != np.float32:
            raise CloningError("voice_damaged", voice=name[:40])
        return ClonedVoiceLatents(**facts.__dict__, style=style, speaker=speaker)

    def check_new(self, name: str) -> str:
        """Return the cleaned name of a voice to add. Raises CloningError if it is invalid or taken, or the store is
        full."""
        clean = clean_name(name)
        if self._path(clean).exists():
            raise CloningError("voice_exists", voice=clean)
        if len(self.list()) >= MAX_VOICES:
            raise CloningError("too_many_voices", limit=MAX_VOICES)
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
        """Store a voice whose use has been confirmed. Raises what :meth:`check_new` raises, and StorageError."""
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
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise StorageError("cannot_write", place=self._folder, reason=error.strerror) from error
        try:
            with atomic_write(path, replace=False) as part:
                part.write_bytes(data)
        except FileExistsError as error:  # another request has added it since the check
            raise CloningError("voice_exists", voice=clean) from error
        except OSError as error:
            raise StorageError("cannot_write", place=self._folder, reason=error.strerror) from error
        return _read_metadata(path)

    def delete(self, name: str) -> None:
        """Delete a voice. Raises UnknownVoiceError or StorageError."""
        path = self._existing(name)
        try:
            path.unlink()
        except FileNotFoundError as error:
            raise self._unknown_voice_error(name) from error
        except OSError as error:
            raise StorageError("cannot_write", place=self._folder, reason=error.strerror) from error

    def _path(self, clean: str) -> Path:
        # The name is hashed: names may contain letters of any script, and differ only in case.
        return self._folder / (hashlib.sha256(clean.casefold().encode()).hexdigest()[:32] + _SUFFIX)

    def _existing(self, name: str) -> Path:
        if not self.has(name):
            raise self._unknown_voice_error(name)
        return self._path(clean_name(name))

    def _unknown_voice_error(self, name: str) -> LipsyncError:
        shown = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in name[:40])
        return UnknownVoiceError(
            "unknown_voice", voice=shown, known=", ".join(voice.name for voice in self.list()) or "–"
        )


def _read_metadata(path: Path) -> ClonedVoice:
    """Read the metadata in the header of a safetensors file. Raises CloningError for a damaged file."""
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_FILE_BYTES + 1)
        size = int.from_bytes(data[:8], "little")
        if len(data) > _MAX_FILE_BYTES or not 0 < size <= len(data) - 8:
            raise ValueError("size")
        header = json.loads(data[8 : 8 + size])
        facts: Mapping[str, object] = json.loads(header["__metadata__"]["voice"])
        name, seconds = facts["name"], facts["seconds"]
        if not isinstance(name, str) or clean_name(name) != name or not isinstance(seconds, int | float):
            raise ValueError("name")
        fields = {field: str(facts[field]) for field in ("created", "sex", "model", "confirmed")}
        return ClonedVoice(name=name, seconds=float(seconds), key=hashlib.sha256(data).hexdigest(), **fields)
    except (OSError, ValueError, KeyError, TypeError, RecursionError, LipsyncError) as error:
        raise CloningError("voice_damaged", voice=path.name) from error
