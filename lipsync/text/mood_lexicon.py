"""The words that name a mood in markup, or show one in a sentence; read from mood_lexicons/<language>.toml."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from lipsync.text.mood import MOODS, Mood

_FOLDER = files("lipsync.text") / "mood_lexicons"
_LANGUAGES = ("en", "ru", "uk", "kk")
"""Codes of the languages that have a lexicon."""
_NEVER = re.compile(r"(?!)")


@dataclass(frozen=True)
class MoodLexicon:
    """The words of one language. Each pattern matches whole words of a text that :func:`fold` has returned."""

    strong: dict[Mood, re.Pattern[str]]
    """Words that state a mood: “delighted”."""
    mild: dict[Mood, re.Pattern[str]]
    """Words that suggest one: “nice”."""
    ignored: re.Pattern[str]
    """Phrases in which such words mean something else: “happy to help”."""
    negation_before: frozenset[str]
    """Words that negate a word after them."""
    negation_after: frozenset[str]
    """Words that negate the word before them."""
    more: frozenset[str]
    """Words that intensify a word beside them: “very”."""
    less: frozenset[str]
    """Words that weaken a word beside them: “slightly”."""


def fold(text: str) -> str:
    """``text`` in lower case, with ``ё`` as ``е`` and one form of apostrophe."""
    return text.casefold().replace("ё", "е").replace("’", "'").replace("ʼ", "'").replace("\u0301", "")


@cache
def mood_names() -> dict[str, Mood]:
    """Moods by the words that name them in markup, in all languages, folded."""
    names: dict[str, Mood] = {mood: mood for mood in MOODS}
    for language in _LANGUAGES:
        for mood, words in _read(language)["markup"].items():
            names |= dict.fromkeys(map(fold, words), _mood(mood))
    return names


@cache
def mood_lexicon(language: str) -> MoodLexicon | None:
    """The lexicon of the language of this code; None for other languages."""
    if language not in _LANGUAGES:
        return None
    entries = _read(language)
    moods = {_mood(name): entry for name, entry in entries["moods"].items()}
    return MoodLexicon(
        strong={mood: _pattern(entry.get("strong", ())) for mood, entry in moods.items()},
        mild={mood: _pattern(entry.get("mild", ())) for mood, entry in moods.items()},
        ignored=_pattern(entries["ignored"]),
        **{
            name: frozenset(map(fold, entries[name]))
            for name in ("negation_before", "negation_after", "more", "less")
        },
    )


def _read(language: str) -> dict[str, Any]:
    return tomllib.loads((_FOLDER / f"{language}.toml").read_text(encoding="utf-8"))


def _mood(name: str) -> Mood:
    return next(mood for mood in MOODS if mood == name)


def _pattern(entries: Iterable[str]) -> re.Pattern[str]:
    """Matches any of the words and phrases; ``*`` at the end of a word stands for any letters."""
    words = [re.escape(fold(entry)).replace(r"\*", r"\w*").replace(r"\ ", r"\s+") for entry in entries]
    if not words:
        return _NEVER
    return re.compile(rf"(?<![\w'])(?:{'|'.join(sorted(words, key=len, reverse=True))})(?![\w])")
