"""Words with times -> what stands on the screen at once.

The bounds are those of common guides (BBC Subtitle Guidelines, Netflix Timed Text Style Guide): at most two lines of
42 characters, from one second to seven, cut where the sentence has a joint.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from lipsync.speech.reading.passage import Reading
from lipsync.speech.types import Speech
from lipsync.subtitles.units import Timetable, Unit

LINE, LINES = 42, 2
"""Characters in a line, and lines in a cue, at most."""
SHORTEST, LONGEST = 1.0, 7.0
"""Seconds that a cue stands."""
_LINGER = 0.3
"""Seconds that a cue stands on after its last word, where nothing follows."""
_GAP = 0.04
"""Seconds between two cues: one frame, so that a change is seen as one."""
_ENDS, _JOINTS = ".!?…", ",;:—–)»”"
_LITTLE = 2
"""Letters of a word that should not be left at the end of a line: a, в, и, of."""


@dataclass(frozen=True)
class Cue:
    """What is shown for a while."""

    start: float
    """Seconds from the start of the video."""
    end: float
    lines: tuple[str, ...]
    """One or two."""


class CueBuilder:
    """Makes the cues of one video while it is being spoken; each is known when the next one, or the end, is.

    Cues are in order, without overlap, and none goes over from one piece of speech into the next. For one thread.
    """

    def __init__(self, passage: Iterable[Reading]) -> None:
        """``passage`` is the text as it is written, with how each part is said."""
        self._timetable = Timetable(passage)
        self._held: Cue | None = None
        self._seconds = 0.0

    def add(self, speech: Speech) -> list[Cue]:
        """The cues that are certain when ``speech``, the next piece, is known."""
        known: list[Cue] = []
        for units in _grouped(_cut(self._timetable.add(speech))):
            cue = Cue(units[0].start, units[-1].end, wrapped(" ".join(unit.text for unit in units)))
            if self._held is not None:
                known.append(_stretched(self._held, cue.start - _GAP))
                cue = replace(
                    cue, start=max(cue.start, known[-1].end + _GAP), end=max(cue.end, known[-1].end + 2 * _GAP)
                )
            self._held = cue
        self._seconds += speech.duration
        return known

    def finish(self) -> list[Cue]:
        """The last cue."""
        held, self._held = self._held, None
        return [] if held is None else [_stretched(held, self._seconds)]


def _stretched(cue: Cue, until: float) -> Cue:
    """The cue as long as it may stand, if the next begins after ``until``."""
    wanted = max(cue.end + _LINGER, cue.start + SHORTEST)
    return replace(cue, end=max(min(wanted, until), cue.start + _GAP))


def _cut(units: Iterable[Unit]) -> list[Unit]:
    """The units, those too long for a cue cut into pieces that share their time."""
    pieces: list[Unit] = []
    for unit in units:
        parts = (
            [unit.text[at : at + LINE] for at in range(0, len(unit.text), LINE)] if _is_endless(unit) else [unit.text]
        )
        step = (unit.end - unit.start) / len(parts)
        pieces += [Unit(part, unit.start + step * at, unit.start + step * (at + 1)) for at, part in enumerate(parts)]
    return pieces


def _is_endless(unit: Unit) -> bool:
    return any(len(word) > LINE for word in unit.text.split()) or wrapped(unit.text, strict=False) == ()


def _grouped(units: Sequence[Unit]) -> list[Sequence[Unit]]:
    """The units in groups of a cue each: the cheapest cut of the sentence, found by dynamic programming."""
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
    """How bad these units are as a cue; None where they are too much for one."""
    text = " ".join(unit.text for unit in units)
    seconds = units[-1].end - units[0].start
    if len(units) > 1 and (seconds > LONGEST or wrapped(text, strict=False) == ()):
        return None
    cost = 1.0
    if seconds < SHORTEST:
        cost += 2 * (SHORTEST - seconds)
    pause = max((after.start - before.end for before, after in pairwise(units)), default=0.0)
    cost += max(0.0, pause - 0.5)
    if not last:
        end = text.rstrip("»”\"')")[-1:]
        cost += 0.0 if end in _ENDS else 0.15 if end in _JOINTS else 0.8 + 0.5 * (len(units[-1].text) <= _LITTLE)
    return cost


def wrapped(text: str, *, strict: bool = True) -> tuple[str, ...]:
    """``text`` in one line or two, the break where it is least felt; () when it does not fit.

    With ``strict`` what does not fit raises ValueError.
    """
    if len(text) <= LINE:
        return (text,)
    breaks = [place for place, letter in enumerate(text) if letter == " " and place <= LINE]
    fitting = [place for place in breaks if len(text) - place - 1 <= LINE]
    if not fitting:
        if strict:
            raise ValueError(f"{text!r} does not fit into two lines")
        return ()

    def unease(place: int) -> float:
        before = text[:place]
        word = before.rsplit(" ", 1)[-1]
        joint = 0 if before[-1] in _ENDS + _JOINTS else 12 + 6 * (len(word) <= _LITTLE)
        return joint + abs(place - (len(text) - place))

    place = min(fitting, key=unease)
    return text[:place], text[place + 1 :]
