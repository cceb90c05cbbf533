"""The phones of a finished video as a small JSON file beside it, from which mouth cues are made when asked for."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lipsync.mouth_cues.errors import PhoneFileError
from lipsync.speech.types import Phone, Speech
from lipsync.storage.atomic import atomic_write
from lipsync.storage.errors import StorageError

_MAX_BYTES = 16_000_000
"""Maximum size of a file that is read: about 400,000 phones."""
_DIGITS = 4


class _Content(BaseModel):
    model_config = ConfigDict(frozen=True, defer_build=True)  # few videos need it

    language: str = Field(max_length=20)
    duration: float = Field(ge=0, allow_inf_nan=False)
    phones: list[tuple[str, float, float]]


@dataclass(frozen=True)
class SpokenPhones:
    """The phones of a whole video."""

    phones: tuple[Phone, ...]
    """In seconds from the start of the video."""
    duration: float
    """Seconds of its sound."""
    language: str
    """Code of the language of its first piece, e.g. ``ru``."""


class PhoneFile:
    """Writes ``{"language", "duration", "phones": [[symbol, start, end], …]}``; the file appears whole or not at all.

    A context manager. Raises StorageError cannot_write.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._language = ""
        self._duration = 0.0
        self._phones: list[tuple[str, float, float]] = []

    def write(self, speech: Speech, begins: float) -> None:
        """Add the phones of ``speech``, which begins at ``begins`` seconds of the video."""
        self._language = self._language or speech.language
        self._duration = begins + speech.duration
        self._phones += [
            (phone.symbol, round(begins + phone.start, _DIGITS), round(begins + phone.end, _DIGITS))
            for phone in speech.phones
        ]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: BaseException | TracebackType | None) -> None:
        if kind is not None:
            return
        content = {"language": self._language, "duration": round(self._duration, 6), "phones": self._phones}
        try:
            with atomic_write(self._path) as part:
                part.write_text(json.dumps(content, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise StorageError("cannot_write", place=str(self._path), reason=reason) from error


def read_phone_file(path: Path) -> SpokenPhones:
    """Read what :class:`PhoneFile` has written. Raises PhoneFileError no_cues."""
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
        if len(data) > _MAX_BYTES:
            raise PhoneFileError("no_cues")
        content = _Content.model_validate_json(data)
    except (OSError, ValidationError) as error:
        raise PhoneFileError("no_cues") from error
    phones = tuple(Phone(symbol, start, end) for symbol, start, end in content.phones)
    return SpokenPhones(phones, content.duration, content.language)
