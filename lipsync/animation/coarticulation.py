"""Phones -> smooth curves of the mouth: each phone pulls towards its shape, and neighbours pull at the same time.

After Cohen and Massaro, "Modeling coarticulation in synthetic visual speech" (1993): the mouth is the mean of the
shapes of all phones near by, each weighted by its dominance, which decays away from the phone. What must be reached
whatever the neighbours are, the closure of the lips for p, b, m and the bite of f and v, are curves of their own.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lipsync.animation.easing import ease
from lipsync.animation.sound_level import loudness, smoothed
from lipsync.animation.types import ARKIT_NAMES
from lipsync.animation.visemes import TONGUE, VISEMES, Articulation, articulations, viseme_weights
from lipsync.speech.types import Phone, Speech

STEP = 0.005
"""Seconds between two points of a curve."""

_REACH = {"PP": 0.035, "FF": 0.035}
_REACH_OTHERS = 0.055
"""Seconds in which a phone's dominance decays."""
_EDGE = 0.030
_PLATEAU = 0.030
"""Seconds on both sides of its middle for which a closure or a bite holds at least."""
_RAMP = 0.070
"""Seconds in which the lips close, and open again."""
_QUICK_RAMP = 0.035
"""Seconds in which the lips close and open between two closures that follow each other quickly."""
_BLUR = 0.022
_SHUT_FROM = 0.15
"""Seconds: in every longer pause the mouth shuts."""
_CLOSING = 0.10
"""Seconds which that takes, after the pause begins and before it ends."""
_QUIET = 0.12
"""Loudness, of 1, under which a sound without known phones is taken for a pause."""
_JAW = ARKIT_NAMES.index("jawOpen")


@dataclass(frozen=True)
class Hold:
    """A contact of the lips, with each other or with the teeth."""

    start: float
    """Seconds from the start of the speech."""
    middle: float
    """Middle of the phone in seconds; the hold itself may begin earlier, in a pause."""
    end: float
    strength: float
    """1 = they touch."""


@dataclass(frozen=True)
class Curves:
    """The mouth during one Speech, a row every STEP seconds from its start."""

    weights: NDArray[np.float64]
    """(n, 52) in the order of ARKIT_NAMES."""
    shapes: NDArray[np.float64]
    """(n, V) how far each shape of VISEMES is taken on; rows sum to at most 1, the rest is the closed mouth."""
    contacts: NDArray[np.float64]
    """(n, 3) seal, bite, tongue, as in FaceTrack."""
    loudness: NDArray[np.float64]
    """(n,) 0 silence, 1 loud."""
    moments: tuple[float, ...]
    """Seconds from the start at which a frame near by must look, the most important last: the middle of each closure,
    and of the short opening between two of them."""


def curves_of(speech: Speech, *, ends: bool) -> Curves:
    """The mouth during ``speech``; without phones the jaw follows the loudness. ``ends``: shut it at the end."""
    times = times_of(speech)
    loud = loudness(speech.samples, speech.rate, times)
    targets = list(_targets(speech.phones or _phones_by_loudness(times, loud)))
    rest = _rest(targets, times, speech.duration, ends)
    awake = 1 - ease(rest)[:, None]
    shapes = smoothed(_blend(targets, times) * awake, _BLUR, STEP)
    weights = shapes @ viseme_weights().astype(np.float64)
    weights[:, _JAW] *= 0.60 + 0.45 * np.minimum(loud, 1.0)
    if not speech.phones:
        weights *= np.clip(loud, 0.0, 1.0)[:, None]
    # shut means shut: the blur must not leave a rest of the neighbours' shapes inside a pause
    weights *= awake
    closures = list(_closures(targets))
    seal = np.maximum(_held(closures, times), rest)
    bite = _held(list(_bites(targets)), times)
    contacts = np.stack([ease(seal), ease(bite), shapes @ TONGUE], axis=1)
    return Curves(weights, shapes * awake, contacts, loud, tuple(_moments(closures)))


def times_of(speech: Speech) -> NDArray[np.float64]:
    """(n,) times of the curves' points, in seconds from the start of ``speech``; the last is not before its end."""
    count = int(np.ceil(speech.duration / STEP)) + 1
    times: NDArray[np.float64] = np.arange(count, dtype=np.float64) * STEP
    return times


@dataclass(frozen=True)
class _Target:
    """A shape that the mouth moves to, and when."""

    start: float
    end: float
    articulation: Articulation

    @property
    def is_pause(self) -> bool:
        """Long enough to shut the mouth."""
        return self.articulation.viseme == "rest" and self.end - self.start >= _SHUT_FROM


def _targets(phones: Iterable[Phone]) -> Iterator[_Target]:
    for phone in phones:
        start, length = phone.start, phone.end - phone.start
        if not phone.symbol:
            # a break of a few hundredths of a second barely closes the mouth
            strength = 1.3 * min(1.0, max(0.0, (length - 0.05) / 0.12))
            if strength > 0:
                yield _Target(start, phone.end, Articulation("rest", strength))
            continue
        for articulation in articulations(phone.symbol):
            yield _Target(start, start + length * articulation.share, articulation)
            start += length * articulation.share


def _blend(targets: Iterable[_Target], times: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, V) how far each shape is taken on; rows sum to at most 1."""
    pull = np.zeros((len(times), len(VISEMES)))
    for target in targets:
        half = (target.end - target.start) / 2
        reach = _REACH.get(target.articulation.viseme, _REACH_OTHERS)
        # beyond four reaches dominance is under 0.0004 of itself
        first, last = np.searchsorted(times, (target.start - 4 * reach, target.end + 4 * reach))
        # flat in its middle half, and up to _EDGE from the ends of what is long
        away = np.maximum(np.abs(times[first:last] - target.start - half) - max(half / 2, half - _EDGE), 0.0)
        pull[first:last, VISEMES.index(target.articulation.viseme)] += target.articulation.dominance * np.exp(
            -((away / reach) ** 1.5)
        )
    blend: NDArray[np.float64] = pull / np.maximum(pull.sum(axis=1, keepdims=True), 1e-6)
    return blend


def _closures(targets: list[_Target]) -> Iterator[Hold]:
    """When the lips must touch; next to a pause they stay together, they do not open in between."""
    for place, target in enumerate(targets):
        if not target.articulation.seal:
            continue
        before = targets[place - 1] if place > 0 else None
        after = targets[place + 1] if place + 1 < len(targets) else None
        length = (target.end - target.start) * target.articulation.released
        middle, half = target.start + length / 2, max(length / 2, _PLATEAU)
        start, end = middle - half, middle + half
        if before is not None and before.is_pause:
            start = min(start, before.end - _ramp_into(before))
        if after is not None and after.is_pause:
            end = max(end, after.start + _ramp_into(after))
        yield Hold(start, middle, end, target.articulation.seal)


def _moments(closures: list[Hold]) -> Iterator[float]:
    for before, after in itertools.pairwise(closures):
        if 0 < after.start - before.end < 2 * _RAMP:
            yield (before.end + after.start) / 2
    yield from (closure.middle for closure in closures)


def _bites(targets: list[_Target]) -> Iterator[Hold]:
    """When the lower lip must be at the upper teeth."""
    for target in targets:
        if target.articulation.bite:
            middle, half = (target.start + target.end) / 2, max((target.end - target.start) / 2, _PLATEAU)
            yield Hold(middle - half, middle, middle + half, target.articulation.bite)


def _ramp_into(pause: _Target) -> float:
    """Seconds in which the mouth shuts when ``pause`` begins, and opens before it ends."""
    return min(_CLOSING, 0.4 * (pause.end - pause.start))


def _held(holds: list[Hold], times: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n,) each hold at its strength, with linear ramps to 0 on both sides."""
    curve = np.zeros(len(times))
    for place, hold in enumerate(holds):
        before = holds[place - 1].end if place > 0 else -np.inf
        after = holds[place + 1].start if place + 1 < len(holds) else np.inf
        # between two closures in quick succession the lips still part: each takes half of the time
        closing = np.clip((hold.start - before) / 2, _QUICK_RAMP, _RAMP)
        opening = np.clip((after - hold.end) / 2, _QUICK_RAMP, _RAMP)
        first, last = np.searchsorted(times, (hold.start - closing, hold.end + opening))
        near = times[first:last]
        level = np.minimum(1 - (hold.start - near) / closing, 1 - (near - hold.end) / opening)
        curve[first:last] = np.maximum(curve[first:last], hold.strength * np.clip(level, 0.0, 1.0))
    return curve


def _rest(targets: Iterable[_Target], times: NDArray[np.float64], duration: float, ends: bool) -> NDArray[np.float64]:
    """(n,) 1 in pauses, 0 in speech, with linear ramps inside the pauses."""
    rest = np.zeros(len(times))
    for pause in targets:
        if not pause.is_pause:
            continue
        ramp = _ramp_into(pause)
        # silence at either end of the sound goes on beyond it
        rising = 1.0 if pause.start <= STEP else np.clip((times - pause.start) / ramp, 0.0, 1.0)
        falling = 1.0 if pause.end >= duration - STEP else np.clip((pause.end - times) / ramp, 0.0, 1.0)
        rest = np.maximum(rest, np.minimum(rising, falling))
    if ends:
        rest = np.maximum(rest, np.clip(1 - (duration - times) / _CLOSING, 0.0, 1.0))
    return rest


def _phones_by_loudness(times: NDArray[np.float64], loud: NDArray[np.float64]) -> tuple[Phone, ...]:
    """Sound as one open vowel, and the quiet parts as pauses, where nothing better is known."""
    quiet = loud < _QUIET
    edges = np.flatnonzero(np.diff(quiet)) + 1
    bounds = [0, *edges.tolist(), len(times) - 1]
    spans = [(a, b) for a, b in itertools.pairwise(bounds) if b > a]
    return tuple(Phone("" if quiet[a] else "ɐ", float(times[a]), float(times[b])) for a, b in spans)
