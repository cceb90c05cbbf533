"""The moods of a script: those that its markup states, and those that are found in its sentences."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, pairwise

from lipsync.text.detect_mood import detect_mood
from lipsync.text.mood import Mood
from lipsync.text.normalization.normalize import spoken_parts
from lipsync.text.script import Script
from lipsync.text.split import locate_sentences


@dataclass(frozen=True)
class MoodSpan:
    """A part of a script's ``spoken_text`` with one mood."""

    mood: Mood
    strength: float
    """0 to 1."""
    start: int
    """Index of the first character."""
    end: int
    """Index after the last character."""


def mood_spans(script: Script, *, detect: bool, strength: float = 1.0) -> tuple[MoodSpan, ...]:
    """The moods of ``script`` in order, without overlap; a mark holds until the next one or the end of its sentence.

    With ``detect`` what precedes the first mark of a sentence, or the whole of a sentence without one, has the mood
    that :func:`lipsync.text.detect_mood.detect_mood` finds in the sentence. ``strength``, 0 to 1, is that of a mark
    that states none, and a factor of the strength that is found.
    """
    if not detect and not script.marked.marks:
        return ()
    return tuple(_spans(script, detect=detect, strength=strength))


def _spans(script: Script, *, detect: bool, strength: float) -> Iterator[MoodSpan]:
    places = _Places(script)
    sentences = list(locate_sentences(script.spoken_text, script.language))
    marks = [(places.in_spoken(mark.position), mark) for mark in script.marked.marks]
    written = _written_sentences(script.marked.text, [places.in_text(*sentence) for sentence in sentences])
    taken = 0
    for (start, end), sentence in zip(sentences, written, strict=True):
        limits: list[tuple[int, Mood, float]] = []
        while taken < len(marks) and marks[taken][0] < end:
            position, mark = marks[taken]
            limits.append((max(position, start), mark.mood, strength if mark.strength is None else mark.strength))
            taken += 1
        if detect and (not limits or limits[0][0] > start):
            mood, found = detect_mood(sentence, script.language)
            if mood != "neutral":
                limits.insert(0, (start, mood, strength * found))
        for (begin, mood, value), until in zip(limits, [*(limit[0] for limit in limits), end][1:], strict=True):
            if begin < until:
                yield MoodSpan(mood, value, begin, until)


def _written_sentences(text: str, ranges: list[tuple[int, int]]) -> Iterator[str]:
    """The text of each sentence with the emoji beside it: those that follow it on its line, or in lines of their own,
    and those before it at the start of its line."""
    begin = 0
    for (_, end), (start, _) in pairwise([*ranges, (len(text), len(text))]):
        line = text.rfind("\n", end, start) + 1
        until = line if line and start < len(text) else start
        yield text[begin:until]
        begin = until


class _Places:
    """Indices of one place in a script's text with emoji, and in its spoken text."""

    def __init__(self, script: Script) -> None:
        self._script = script
        parts = list(spoken_parts(script.passage))
        self._written = [0, *accumulate(len(span.written) for span in script.passage)]
        self._spoken = [0, *accumulate(map(len, parts))]
        self._leads = [
            len(part) - len(span.written) if span.spoken is None else 0
            for part, span in zip(parts, script.passage, strict=True)
        ]
        """Length of the space before the text of each span that is spoken as it is written."""

    def in_spoken(self, position: int) -> int:
        """Index in the spoken text of ``position`` in the text with emoji."""
        clean = bisect_left(self._script.sources, position)
        number = bisect_right(self._written, clean) - 1
        if number == len(self._leads):
            return self._spoken[-1]
        inside = clean - self._written[number] if self._script.passage[number].spoken is None else 0
        return self._spoken[number] + self._leads[number] + inside

    def in_text(self, start: int, end: int) -> tuple[int, int]:
        """The range of the text with emoji that is spoken as characters ``start`` to ``end``."""
        return self._source(start), self._source(end - 1, last=True) + 1

    def _source(self, spoken: int, *, last: bool = False) -> int:
        """Index in the text with emoji of what is spoken at ``spoken``; ``last``: of the last character of it."""
        number = bisect_right(self._spoken, spoken) - 1
        if self._script.passage[number].spoken is not None:
            clean = self._written[number + 1] - 1 if last else self._written[number]
        else:
            inside = max(0, spoken - self._spoken[number] - self._leads[number])
            clean = self._written[number] + inside
        return self._script.sources[clean]
