"""The words of a text as they are written, each with the time at which it is said."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from lipsync.speech.reading.passage import Reading
from lipsync.speech.reading.read import spoken
from lipsync.speech.text import can_be_said
from lipsync.speech.types import Speech


@dataclass(frozen=True)
class Unit:
    """What cannot be cut: a word, or "5 км" that is said as "пять километров"."""

    text: str
    """As it is written, without blanks at its ends."""
    start: float
    """Seconds from the start of the video."""
    end: float


@dataclass(frozen=True)
class _Written:
    text: str
    words: int
    """How many words it is spoken as; 0 for a dash."""


class Timetable:
    """Tells when each written word is said, piece of speech after piece. For one video and one thread."""

    def __init__(self, passage: Iterable[Reading]) -> None:
        self._written = iter(list(_written(passage)))
        self._seconds = 0.0

    def add(self, speech: Speech) -> list[Unit]:
        """The units that ``speech``, the next piece, says. Where it does not know its words they share its time."""
        times = _times(speech)
        units: list[Unit] = []
        said, before = 0, ""
        while said < len(times):
            written = next(self._written, None)
            if written is None:
                break
            if written.words == 0 and units:
                _append(units, written.text)
                continue
            if written.words == 0:
                before += f"{written.text} "
                continue
            own = times[said : said + written.words]
            said += written.words
            text = before + written.text if not units else written.text
            units.append(Unit(text, self._seconds + own[0][0], self._seconds + own[-1][1]))
        self._seconds += speech.duration
        return units


def _append(units: list[Unit], sign: str) -> None:
    """A dash stands at the end of the word before it."""
    last = units[-1]
    units[-1] = Unit(f"{last.text} {sign}", last.start, last.end)


def _written(passage: Iterable[Reading]) -> Iterator[_Written]:
    """The text, cut at the blanks that are blanks in what is said, too."""
    part: list[Reading] = []
    for reading in passage:
        if reading.spoken is not None:
            part.append(reading)
            continue
        *before, last = _split(reading.written)
        for word in before:
            yield from _unit([*part, Reading(word)])
            part = []
        part.append(Reading(last))
    yield from _unit(part)


def _split(text: str) -> list[str]:
    """At every stretch of blanks; "" where the text begins or ends with one."""
    words = text.split()
    head = [""] if not words or text[0].isspace() else []
    tail = [""] if words and text[-1].isspace() else []
    return [*head, *words, *tail] if text else [""]


def _unit(part: Sequence[Reading]) -> Iterator[_Written]:
    text = " ".join("".join(reading.written for reading in part).split())
    if text:
        yield _Written(text, len(_tokens(spoken(part))))


def _tokens(text: str) -> list[str]:
    """As the voices count words: what stands between blanks and has a letter or a digit in it."""
    return [token for token in text.split() if can_be_said(token)]


def _times(speech: Speech) -> list[tuple[float, float]]:
    """Start and end of each word of ``speech`` in seconds from its start."""
    tokens = _tokens(speech.text)
    if len(speech.words) == len(tokens):
        return [(word.start, word.end) for word in speech.words]
    sounding = [phone for phone in speech.phones if phone.symbol]
    start, end = (sounding[0].start, sounding[-1].end) if sounding else (0.0, speech.duration)
    letters = [0]
    for token in tokens:
        letters.append(letters[-1] + len(token))
    return [
        (start + (end - start) * a / letters[-1], start + (end - start) * b / letters[-1])
        for a, b in pairwise(letters)
    ]
