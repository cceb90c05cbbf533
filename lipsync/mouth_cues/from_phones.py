"""Mouth cues from phones with their times: pose to pose, as animators draw.

On a grid of 0.01 s, Rhubarb's unit of time, each phone lays down its shape a little before its sound, closures and
bites last, so that nothing covers them; then what is too short to be seen is taken out, and in-betweens go where the
jump from one drawing to the next would be large.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from lipsync.mouth_cues.shapes import OPENING, ROUND, VOWELS, PhoneShape, phone_shapes
from lipsync.mouth_cues.types import MouthCue, MouthCues, Shape
from lipsync.speech.types import Phone

STEPS = 100
"""Points of the grid in a second."""
_LEAD = 0.04
"""Seconds by which the mouth takes a shape before its sound: one frame at 25 fps. Rhubarb's own closures lead by
0.035 to 0.085 s in the sentence “Bob bought some beautiful apples and a big map of Brazil”."""
_MAX_LEAD, _MIN_REST = 0.08, 0.05
"""Seconds by which a closure or bite leads at most, and that it leaves of the sound before."""
_PAUSE = 0.15
"""Seconds of silence from which the mouth rests, as in :mod:`lipsync.animation.coarticulation`."""
_RELEASE = 0.7
"""Part of a p or b after which its burst parts the lips."""
_LONG_L = 0.10
"""Seconds from which an l shows the tongue (H)."""
_SHORT = 0.07
"""Seconds below which a consonant between two open vowels does not bring the teeth together."""
_MIN_CONTACT, _MIN_SHAPE = 0.06, 0.04
"""Seconds that a closure or bite, and any other shape, lasts at least: 0.04 s is one frame at 25 fps."""
_BETWEEN = 0.04
"""Seconds of an in-between, taken from the more open shape, which must keep as much."""

Runs = list[tuple[Shape, int]]
"""Shapes in order with their lengths in steps."""

_IN_BETWEEN: dict[tuple[Shape, Shape], Shape] = {
    ("A", "D"): "C", ("B", "D"): "C", ("G", "D"): "C", ("D", "A"): "C", ("D", "B"): "C", ("D", "G"): "C",
    ("C", "F"): "E", ("D", "F"): "E", ("F", "C"): "E", ("F", "D"): "E",
}  # fmt: skip
"""The drawing between two drawings (Rhubarb's README, at C and E)."""


@dataclass(frozen=True)
class _Unit:
    """A base letter of a phone with its time; the empty letter is silence."""

    letter: str
    start: float
    end: float
    shape: PhoneShape

    @property
    def is_vowel(self) -> bool:
        return self.letter in VOWELS


def cues_from_phones(phones: Iterable[Phone], duration: float) -> MouthCues:
    """The cues of a sound of ``duration`` seconds with these phones; without phones the mouth rests."""
    count = int(duration * STEPS + 1e-6)
    length = count / STEPS
    units = list(_units(phones))
    if not any(unit.letter for unit in units):
        rest = (MouthCue(0.0, length, "X"),) if count else ()
        return MouthCues(rest, length, "silence")
    grid: list[Shape] = ["X"] * count
    for place, unit in enumerate(units):
        if unit.letter:
            _lay(grid, unit.start - _LEAD, unit.end, _shape(units, place))
        elif unit.end - unit.start >= _PAUSE:
            _lay(grid, unit.start, unit.end, "X")
        elif place:  # a short silence, before a stop for one, keeps the shape before it
            _lay(grid, unit.start, unit.end, _shape(units, place - 1))
    for place, unit in enumerate(units):
        if unit.shape.shape in ("A", "G") and unit.letter:
            _lay(grid, *_contact(unit, units[place - 1] if place else None), unit.shape.shape)
    runs = [(shape, len(list(same))) for shape, same in groupby(grid)]
    visible = [run for _, part in groupby(runs, key=lambda run: run[0] == "X") for run in _drop_short(list(part))]
    return MouthCues(tuple(_cues(_add_in_betweens(visible))), length, "phones")


def _units(phones: Iterable[Phone]) -> Iterator[_Unit]:
    for phone in phones:
        letters = phone_shapes(phone.symbol)
        if not letters:
            yield _Unit("", phone.start, phone.end, PhoneShape("X"))
            continue
        step = (phone.end - phone.start) / len(letters)
        for place, (letter, shape) in enumerate(letters):
            yield _Unit(letter, phone.start + place * step, phone.start + (place + 1) * step, shape)


def _shape(units: Sequence[_Unit], place: int) -> Shape:
    """The shape of a unit among its neighbours."""
    unit = units[place]
    neighbours = [units[one] for one in (place + 1, place - 1) if 0 <= one < len(units)]
    vowels = [one.shape.shape for one in neighbours if one.is_vowel]
    length = unit.end - unit.start
    if unit.shape.is_lateral and length >= _LONG_L:
        return "H"
    if unit.is_vowel:  # a neutral one is rounded beside a rounded consonant
        return "E" if unit.shape.rounds and any(one.shape.shape in ROUND for one in neighbours) else unit.shape.shape
    if vowels and (unit.shape.follows or (unit.shape.rounds and vowels[0] in ROUND)):
        return vowels[0]
    is_passed = len(vowels) == 2 and min(OPENING[one] for one in vowels) >= OPENING["C"] and length < _SHORT
    return "C" if unit.shape.rounds and is_passed else unit.shape.shape


def _contact(unit: _Unit, before: _Unit | None) -> tuple[float, float]:
    """When the lips touch for a closure or bite: from before the sound, the more in a long vowel, to the burst."""
    released = _RELEASE if unit.letter in ("p", "b", "ɓ") else 1.0
    room = _MAX_LEAD if before is None else before.end - before.start - _MIN_REST
    lead = min(_MAX_LEAD, max(_LEAD, room))
    start, end = unit.start - lead, unit.start + released * (unit.end - unit.start)
    return start, max(end, start + _MIN_CONTACT)


def _lay(grid: list[Shape], start: float, end: float, shape: Shape) -> None:
    first, last = max(0, round(start * STEPS)), min(len(grid), round(end * STEPS))
    grid[first:last] = [shape] * max(0, last - first)


def _drop_short(runs: Runs) -> Runs:
    """``runs`` without those that are too short to be seen: the neighbour that is more open takes their time."""
    while len(runs) > 1:
        short = [n for n, (shape, size) in enumerate(runs) if size < _MIN_SHAPE * STEPS and shape not in ("A", "G")]
        if not short:
            break
        place = min(short, key=lambda one: runs[one][1])
        neighbours = [one for one in (place - 1, place + 1) if 0 <= one < len(runs)]
        wider = max(neighbours, key=lambda one: OPENING[runs[one][0]])
        merged = [(shape, size + runs[place][1] * (n == wider)) for n, (shape, size) in enumerate(runs) if n != place]
        runs = [(shape, sum(size for _, size in same)) for shape, same in groupby(merged, key=lambda run: run[0])]
    return runs


def _add_in_betweens(runs: Runs) -> Runs:
    """``runs`` with the drawings of _IN_BETWEEN between them.

    The more open of two shapes gives the time, or the one before it where that is too short; else nothing is added.
    """
    size = round(_BETWEEN * STEPS)
    drawn: Runs = []
    for place, (shape, whole) in enumerate(runs):
        length = whole
        before = _IN_BETWEEN.get((drawn[-1][0], shape)) if drawn else None
        after = _IN_BETWEEN.get((shape, runs[place + 1][0])) if place + 1 < len(runs) else None
        tail: Runs = []
        if before and OPENING[shape] >= OPENING[drawn[-1][0]] and length >= 2 * size:
            drawn.append((before, size))
            length -= size
        elif before and drawn[-1][1] >= 2 * size:
            drawn[-1] = (drawn[-1][0], drawn[-1][1] - size)
            drawn.append((before, size))
        if after and OPENING[shape] > OPENING[runs[place + 1][0]] and length >= 2 * size:
            tail = [(after, size)]
            length -= size
        drawn += [(shape, length), *tail]
    return drawn


def _cues(runs: Runs) -> Iterator[MouthCue]:
    place = 0
    for shape, length in runs:
        yield MouthCue(place / STEPS, (place + length) / STEPS, shape)
        place += length
