"""Recognizes the question whether a person or a machine answers; it is always answered by a stored reply.

People have to be told that they talk to a machine (EU AI Act, Article 50), and each of the embedded models, asked,
says that it is a person.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files

from lipsync.text.similarity import fold_words

FALLBACK_LANGUAGE = "en"
"""Language of the questions and replies for a persona whose language has neither."""
_MAX_CHARACTERS = 2_000
"""Characters of a message that are searched: those of the longest message that a person may write."""


def asks_for_disclosure(question: str, language: str) -> bool:
    """Whether ``question`` asks if a person or a machine answers, in ``language`` or in English.

    >>> asks_for_disclosure("Hey, are you a real person?", "en")
    True
    """
    words = " ".join(fold_words(question, _MAX_CHARACTERS))
    languages = {language, FALLBACK_LANGUAGE}
    return any(pattern.search(words) for code in languages for pattern in _patterns(code))


def disclosure_replies(language: str) -> tuple[str, ...]:
    """Return the replies to that question, in ``language`` where there are some, else in English."""
    entries = _entries()
    return tuple(entries.get(language, entries[FALLBACK_LANGUAGE])["replies"])


@cache
def _patterns(language: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern) for pattern in _entries().get(language, {}).get("patterns", ()))


@cache
def _entries() -> dict[str, dict[str, list[str]]]:
    text = (files("lipsync.language_models") / "disclosure.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
