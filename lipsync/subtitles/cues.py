"""Subtitle cues from timed words.

The limits follow common guides (BBC Subtitle Guidelines, Netflix Timed Text Style Guide): at most two lines of 42
characters, one to seven seconds, broken at clause boundaries.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from lipsync.speech.types import Speech
from lipsync.subtitles.units import Unit, WordTimer
from lipsync.text.normalization.rules import NormalizedSpan

MAX_LINE_LENGTH = 42
"""Maximum characters in a line."""
MIN_CUE_S, MAX_CUE_S = 1.0, 7.0
"""Minimum and maximum seconds of a cue."""
_LINGER_S = 0.3
"""Seconds that a cue stays after its last word, unless the next cue follows."""
_GAP_S = 0.04
"""Seconds between two cues: one frame, so that the change is visible."""
_SENTENCE_ENDS, _CLAUSE_ENDS = ".!?…", ",;:—–)»”"
_SHORT_WORD_LENGTH = 2
"""Maximum letters of a word that should not end a line: a, в, и, of."""


@dataclass(frozen=True)
class Cue:
    """Text shown for some time."""

    start: float
    """Seconds from the start of the video."""
    end: float
    lines: tuple[str, ...]
    """One or two lines."""


class CueBuilder:
    """Builds the cues of one video incrementally; a cue is final when the next one, or the end, is known.

    Cues are in order, do not overlap, and do not span two pieces of speech. Not thread-safe.
    """

    def __init__(self, spans: Iterable[NormalizedSpan]) -> None:
        """``spans`` are the normalized text."""
        self._timer = WordTimer(spans)
        self._pending: Cue | None = None
        self._seconds = 0.0

    def add(self, speech: Speech) -> list[Cue]:
        """Add the next piece of speech; return the cues that became final."""
        known: list[Cue] = []
        for units in _group_units(_split_long_units(self._timer.add(speech))):
            cue = Cue(units[0].start, units[-1].end, wrap_lines(" ".join(unit.text for unit in units)))
            if self._pending is not None:
                known.append(_extend(self._pending, cue.start - _GAP_S))
                cue = replace(
                    cue, start=max(cue.start, known[-1].end + _GAP_S), end=max(cue.end, known[-1].end + 2 * _GAP_S)
                )
            self._pending = cue
        self._seconds += speech.duration
        return known

    def finish(self) -> list[Cue]:
        """Return the last cue."""
        pending, self._pending = self._pending, None
        return [] if pending is None else [_extend(pending, self._seconds)]


def _extend(cue: Cue, until: float) -> Cue:
    """Extend the cue to its preferred length, at most to ``until`` seconds."""
    preferred_end = max(cue.end + _LINGER_S, cue.start + MIN_CUE_S)
    return replace(cue, end=max(min(preferred_end, until), cue.start + _GAP_S))


def _split_long_units(units: Iterable[Unit]) -> list[Unit]:
    """Split units that are too long for a cue into parts that share their time."""
    pieces: list[Unit] = []
    for unit in units:
        parts = (
            [unit.text[at : at + MAX_LINE_LENGTH] for at in range(0, len(unit.text), MAX_LINE_LENGTH)]
            if _is_too_long(unit)
            else [unit.text]
        )
        step = (unit.end - unit.start) / len(parts)
        pieces += [Unit(part, unit.start + step * at, unit.start + step * (at + 1)) for at, part in enumerate(parts)]
    return pieces


def _is_too_long(unit: Unit) -> bool:
    """Whether the unit does not fit into one cue."""
    return any(len(word) > MAX_LINE_LENGTH for word in unit.text.split()) or wrap_lines(unit.text, strict=False) == ()


def _group_units(units: Sequence[Unit]) -> list[Sequence[Unit]]:
    """Group the units into cues: the segmentation with the lowest total cost, by dynamic programming."""
    best: list[tuple[float, int]] = [(0.0, 0)]
    for end in range(1, len(units) + 1):
        choices = []
        for begin in range(end - 1, -1, -1):
            cost = _cost(units[begin:end], last=end == len(units))
            if cost is None:
                break
            choices.append((best[begin][0] + cost, begin))
        best.append(min(choices))
    groups: list[Sequence[Unit]] = []
    end = len(units)
    while end > 0:
        begin = best[end][1]
        groups.append(units[begin:end])
        end = begin
    return groups[::-1]


def _cost(units: Sequence[Unit], *, last: bool) -> float | None:
    """Cost of the units as one cue; None if they do not fit into one."""
    text = " ".join(unit.text for unit in units)
    seconds = units[-1].end - units[0].start
    if len(units) > 1 and (seconds > MAX_CUE_S or wrap_lines(text, strict=False) == ()):
        return None
    cost = 1.0
    if seconds < MIN_CUE_S:
        cost += 2 * (MIN_CUE_S - seconds)
    pause = max((after.start - before.end for before, after in pairwise(units)), default=0.0)
    cost += max(0.0, pause - 0.5)
    if not last:
        end = text.rstrip("»”\"')")[-1:]
        cost += (
            0.0
            if end in _SENTENCE_ENDS
            else 0.15
            if end in _CLAUSE_ENDS
            else 0.8 + 0.5 * (len(units[-1].text) <= _SHORT_WORD_LENGTH)
        )
    return cost


def wrap_lines(text: str, *, strict: bool = True) -> tuple[str, ...]:
    """Break ``text`` into one or two lines at the best place.

    Text that does not fit raises ValueError, or gives () if not ``strict``.
    """
    if len(text) <= MAX_LINE_LENGTH:
        return (text,)
    breaks = [place for place, letter in enumerate(text) if letter == " " and place <= MAX_LINE_LENGTH]
    fitting = [place for place in breaks if len(text) - place - 1 <= MAX_LINE_LENGTH]
    if not fitting:
        if strict:
            raise ValueError(f"{text!r} does not fit into two lines")
        return ()

    def penalty(place: int) -> float:
        before = text[:place]
        word = before.rsplit(" ", 1)[-1]
        joint = 0 if before[-1] in _SENTENCE_ENDS + _CLAUSE_ENDS else 12 + 6 * (len(word) <= _SHORT_WORD_LENGTH)
        return joint + abs(place - (len(text) - place))

    place = min(fitting, key=penalty)
    return text[:place], text[place + 1 :]
