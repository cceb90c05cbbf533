"""The setting ``voices``: in which order the engines are tried, by language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lipsync.errors import InvalidFieldError, LipsyncError
from lipsync.messages import Message
from lipsync.text.languages import LANGUAGES

FALLBACK_ENGINE = "espeak"
"""The engine that is always available, and last unless the setting names it earlier."""


@dataclass(frozen=True)
class EnginePriority:
    """Names of engines in order of preference."""

    default: tuple[str, ...]
    by_language: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def for_language(self, language: str) -> tuple[str, ...]:
        """The engines to try for the language of this code."""
        return self.by_language.get(language, self.default)

    @property
    def names(self) -> tuple[str, ...]:
        """All engines that the setting names, the default ones first."""
        return tuple(dict.fromkeys([*self.default, *(name for names in self.by_language.values() for name in names)]))


def parse_priority(setting: str, known: tuple[str, ...]) -> EnginePriority:
    """Parse ``"xtts,espeak"``, or with other engines for some languages ``"xtts,espeak; ru: silero,espeak"``.

    FALLBACK_ENGINE is appended where it is missing. Raises InvalidFieldError for an engine that is not in ``known``
    or a language that is not in LANGUAGES.
    """
    default: tuple[str, ...] = known
    by_language: dict[str, tuple[str, ...]] = {}
    for part in filter(str.strip, setting.split(";")):
        language, colon, listed = part.rpartition(":")
        names = tuple(name.strip().lower() for name in listed.split(",") if name.strip())
        code = language.strip().lower()
        wrong = next((name for name in names if name not in known), None)
        if wrong is not None:
            raise _wrong(Message("field.unknown_engine", engine=wrong, known=list(known)))
        if colon and code not in {one.code for one in LANGUAGES}:
            raise _wrong(Message("field.unknown_language", language=code))
        names = names if FALLBACK_ENGINE in names else (*names, FALLBACK_ENGINE)
        if colon:
            by_language[code] = names
        else:
            default = names
    return EnginePriority(default, by_language)


def _wrong(expected: Message) -> LipsyncError:
    return InvalidFieldError("bad_field", field="LIPSYNC_VOICES", expected=expected)
