"""In which order the engines are asked: the setting ``voices``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lipsync.errors import LipsyncError
from lipsync.speech.languages import LANGUAGES

FLOOR = "espeak"
"""The engine that is always there, and always last when nobody says otherwise."""


@dataclass(frozen=True)
class Order:
    """Names of engines, the best first."""

    usual: tuple[str, ...]
    by_language: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def of(self, language: str) -> tuple[str, ...]:
        """The order for the language of this code."""
        return self.by_language.get(language, self.usual)

    @property
    def names(self) -> tuple[str, ...]:
        """Every engine that is named, the usual ones first."""
        return tuple(dict.fromkeys([*self.usual, *(name for names in self.by_language.values() for name in names)]))


def read_order(setting: str, known: tuple[str, ...]) -> Order:
    """``"xtts,espeak"``, or with other orders for some languages ``"xtts,espeak; ru: silero,espeak"``.

    The floor is added where it is left out. Raises LipsyncError bad_field for an engine that is not in ``known``, or
    a language that is not in the table.
    """
    usual: tuple[str, ...] = known
    by_language: dict[str, tuple[str, ...]] = {}
    for part in filter(str.strip, setting.split(";")):
        language, colon, listed = part.rpartition(":")
        names = tuple(name.strip().lower() for name in listed.split(",") if name.strip())
        code = language.strip().lower()
        wrong = next((name for name in names if name not in known), None)
        if wrong is not None:
            raise _wrong(
                f"there is no engine {wrong!r}; these are: {', '.join(known)}",
                f"движка {wrong!r} нет; есть такие: {', '.join(known)}",
            )
        if colon and code not in {one.code for one in LANGUAGES}:
            raise _wrong(f"there is no language {code!r}", f"языка {code!r} нет")
        names = names if FLOOR in names else (*names, FLOOR)
        if colon:
            by_language[code] = names
        else:
            usual = names
    return Order(usual, by_language)


def _wrong(english: str, russian: str) -> LipsyncError:
    return LipsyncError("bad_field", field="LIPSYNC_VOICES", expected={"en": english, "ru": russian})
