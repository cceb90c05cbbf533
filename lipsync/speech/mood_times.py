"""The moods of a text as times in its speech."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from lipsync.speech.types import Speech, SpeechMood
from lipsync.speech.word_times import word_times
from lipsync.text.clean import is_speakable
from lipsync.text.mood_spans import MoodSpan

_WORD = re.compile(r"\S+")


def add_moods(
    pieces: Iterable[tuple[Speech, bool]], text: str, spans: Sequence[MoodSpan]
) -> Iterator[tuple[Speech, bool]]:
    """``pieces`` of the speech of ``text``, each given with whether it is the last, with the moods of ``spans``.

    ``spans`` are in order, without overlap. A mood begins with the word in which its span begins, or with the piece
    where that is the first word, and ends where the next one begins, or with the piece.
    """
    position = 0
    for speech, last in pieces:
        start = text.find(speech.text, position)
        if start < 0 or not spans:  # a piece that is not of this text
            yield speech, last
            continue
        position = start + len(speech.text)
        inside = [span for span in spans if span.start < position and span.end > start]
        yield replace(speech, moods=tuple(_moods(speech, start, inside))), last


def _moods(speech: Speech, offset: int, spans: Iterable[MoodSpan]) -> Iterator[SpeechMood]:
    """The moods of a piece whose text begins at index ``offset`` of the whole text."""
    ends = [match.end() + offset for match in _WORD.finditer(speech.text) if is_speakable(match[0])]
    starts = [0.0, *(start for start, _ in word_times(speech)[1:]), speech.duration]

    def seconds(index: int) -> float:
        """When the word begins that contains or follows ``index``; the end of the piece after its last word."""
        return starts[sum(end <= index for end in ends)]

    for span in spans:
        start, end = seconds(span.start), seconds(span.end)
        if start < end:
            yield SpeechMood(span.mood, span.strength, start, end)
