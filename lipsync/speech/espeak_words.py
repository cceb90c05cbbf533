"""espeak-ng's word events -> the words of the text with their times."""

from __future__ import annotations

import re
from itertools import pairwise

from lipsync.speech.types import Phone, SpeechWord


def words_of(sentence: str, starts: list[tuple[int, float]], phones: list[Phone]) -> tuple[SpeechWord, ...]:
    """The words of ``sentence``, as it is split by blanks, with the times of ``phones``.

    ``starts`` are the events: index of the character in the sentence, and seconds. A number is many events inside of
    one word; «of the» may be one event for two words, which then share its time by their letters.
    """
    words = [found for found in re.finditer(r"\S+", sentence) if any(letter.isalnum() for letter in found[0])]
    sounding = [phone for phone in phones if phone.symbol]
    if not words or not sounding:
        return ()
    begins: list[float | None] = [None] * len(words)
    for place, seconds in starts:
        # An event may point at the blank before its word.
        index = next((number for number, word in enumerate(words) if place < word.end()), None)
        if index is not None and begins[index] is None:
            begins[index] = seconds
    begins[0] = sounding[0].start
    known = [index for index, begin in enumerate(begins) if begin is not None]
    said: list[SpeechWord] = []
    for first, after in pairwise([*known, len(words)]):
        start = float(begins[first] or 0.0)
        until = float(begins[after] or 0.0) if after < len(words) else sounding[-1].end
        if after < len(words) and until <= start:  # out of order: it shares the time of the one before it
            begins[after] = until = start
        said += _shared([word[0] for word in words[first:after]], *_sounding(start, until, sounding))
    return tuple(said)


def _sounding(start: float, until: float, phones: list[Phone]) -> tuple[float, float]:
    """From ``start`` to the end of the last phone that begins clearly before ``until``: a pause is no part of it."""
    inside = [phone for phone in phones if start - 0.03 <= phone.start < until - 0.02]
    return (inside[0].start, inside[-1].end) if inside else (start, max(start, until))


def _shared(words: list[str], start: float, end: float) -> list[SpeechWord]:
    letters = [len(word) for word in words]
    parts = [start + (end - start) * sum(letters[:count]) / sum(letters) for count in range(len(words) + 1)]
    return [SpeechWord(word, *span) for word, span in zip(words, pairwise(parts), strict=True)]
