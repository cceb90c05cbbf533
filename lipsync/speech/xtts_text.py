"""Text in the portions that XTTS can take: it reads at most 400 tokens, and best what is a sentence long."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from lipsync.speech.text import can_be_said

_SENTENCE = re.compile(r"(?<=[.!?…。！？])\s+")
_CLAUSE = re.compile(r"(?<=[;:,—–])\s+|\s+(?=[—–]\s)")
_SPACE = re.compile(r"\s+")


def portions(sentence: str, fits: Callable[[str], bool]) -> Iterator[str]:
    """``sentence`` in parts that all fit, cut at ends of sentences, else of clauses, else at spaces, else anywhere.

    Parts are as long as they may be, in order, and nothing of what is said is lost. What does not fit as a single
    character is given all the same.
    """
    yield from (part for part in _cut(sentence.strip(), fits, (_SENTENCE, _CLAUSE, _SPACE)) if can_be_said(part))


def _cut(text: str, fits: Callable[[str], bool], borders: tuple[re.Pattern[str], ...]) -> Iterator[str]:
    if len(text) <= 1 or fits(text):
        yield text
        return
    if not borders:
        half = len(text) // 2
        yield from _cut(text[:half], fits, ())
        yield from _cut(text[half:], fits, ())
        return
    start = end = 0  # what is gathered is text[start:end]
    for stop in [*(border.start() for border in borders[0].finditer(text)), len(text)]:
        if end > start and not fits(text[start:stop].strip()):
            yield from _cut(text[start:end].strip(), fits, borders[1:])
            start = end
        end = stop
    yield from _cut(text[start:end].strip(), fits, borders[1:])
