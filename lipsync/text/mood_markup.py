"""Markup of moods in a text: ``[happy]``, ``[sad:0.5]``, and the same words in Russian, Ukrainian and Kazakh."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lipsync.text.mood import Mood
from lipsync.text.mood_lexicon import fold, mood_names

MAX_MARKUP_FACTOR = 2
"""A text with its markup may be so many times as long as a text without markup."""

_MARK = re.compile(r"\[ {0,3}([^\W\d_]{1,20}) {0,3}(?:: {0,3}(\d{1,3}(?:[.,]\d{1,6})?|[.,]\d{1,6}) {0,3})?\]")
"""A word in brackets, with a number after a colon or without one."""
_CLOSING = frozenset(".,!?…;:)»”")
"""Punctuation that follows a word without a space."""


@dataclass(frozen=True)
class MoodMark:
    """The place in a text from which on a mood is shown."""

    position: int
    """Index, in the text without markup, of the character that follows the mark."""
    mood: Mood
    strength: float | None
    """0 to 1; None where the mark states none."""


@dataclass(frozen=True)
class MarkedText:
    """A text without its markup, and what the markup said."""

    text: str
    marks: tuple[MoodMark, ...] = ()
    """In order; of several with one position the last counts."""


def parse_markup(text: str) -> MarkedText:
    """Take the marks of moods out of ``text``, which is in NFC. Other text in brackets stays.

    Exactly one space is left where there were spaces before and after a mark. A strength above 1 is 1.

    >>> parse_markup("Yes. [happy] I am glad.").text
    'Yes. I am glad.'
    """
    plain, copied = "", 0
    marks: list[MoodMark] = []
    for match in _MARK.finditer(text):
        mood = mood_names().get(fold(match[1]))  # read from disk, so only for a text with brackets
        if mood is None:
            continue
        plain += text[copied : match.start()]
        copied = match.end()
        before, following = plain[-1:] or "\n", text[copied : copied + 1]
        if before.isspace() and following == " ":
            copied += 1
        elif before == " " and following in _CLOSING:
            plain = plain[:-1]
            while marks and marks[-1].position > len(
                plain
            ):  # nothing stands between it and this one, which replaces it
                marks.pop()
        elif before in _CLOSING and following.isalnum():
            plain += " "
        strength = None if match[2] is None else min(float(match[2].replace(",", ".")), 1.0)
        marks.append(MoodMark(len(plain), mood, strength))
    return MarkedText(plain + text[copied:], tuple(marks))
