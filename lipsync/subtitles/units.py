"""The words of the original text with the times at which they are spoken."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from lipsync.speech.types import Speech
from lipsync.speech.word_times import spoken_words, word_times
from lipsync.text.normalization.normalize import verbalize
from lipsync.text.normalization.rules import NormalizedSpan


@dataclass(frozen=True)
class Unit:
    """An indivisible part of a subtitle: a word, or "5 км", which is spoken as «пять километров»."""

    text: str
    """The original text without surrounding spaces."""
    start: float
    """Seconds from the start of the video."""
    end: float


@dataclass(frozen=True)
class _WrittenWord:
    text: str
    words: int
    """Number of spoken words; 0 for a dash."""


class WordTimer:
    """Times the words of the original text, one piece of speech after another. For one video; not thread-safe."""

    def __init__(self, spans: Iterable[NormalizedSpan]) -> None:
        self._words = iter(list(_written_words(spans)))
        self._seconds = 0.0

    def add(self, speech: Speech) -> list[Unit]:
        """The units spoken in ``speech``, the next piece. If it has no word times, the words share its time."""
        times = word_times(speech)
        units: list[Unit] = []
        next_time, before = 0, ""
        while next_time < len(times):
            written = next(self._words, None)
            if written is None:
                break
            if written.words == 0 and units:
                _append_dash(units, written.text)
                continue
            if written.words == 0:
                before += f"{written.text} "
                continue
            own = times[next_time : next_time + written.words]
            next_time += written.words
            text = before + written.text if not units else written.text
            units.append(Unit(text, self._seconds + own[0][0], self._seconds + own[-1][1]))
        self._seconds += speech.duration
        return units


def _append_dash(units: list[Unit], sign: str) -> None:
    """Append a dash to the word before it."""
    last = units[-1]
    units[-1] = Unit(f"{last.text} {sign}", last.start, last.end)


def _written_words(spans: Iterable[NormalizedSpan]) -> Iterator[_WrittenWord]:
    """Split the original text at the spaces that are also spaces in the spoken form."""
    part: list[NormalizedSpan] = []
    for span in spans:
        if span.spoken is not None:
            part.append(span)
            continue
        *before, last = _split_at_spaces(span.written)
        for word in before:
            yield from _written_word([*part, NormalizedSpan(word)])
            part = []
        part.append(NormalizedSpan(last))
    yield from _written_word(part)


def _split_at_spaces(text: str) -> list[str]:
    """Split at whitespace; the result starts or ends with "" where the text does with whitespace."""
    words = text.split()
    head = [""] if not words or text[0].isspace() else []
    tail = [""] if words and text[-1].isspace() else []
    return [*head, *words, *tail] if text else [""]


def _written_word(part: Sequence[NormalizedSpan]) -> Iterator[_WrittenWord]:
    text = " ".join("".join(span.written for span in part).split())
    if text:
        yield _WrittenWord(text, len(spoken_words(verbalize(part))))
