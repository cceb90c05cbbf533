"""Nods: the head goes down on prominent syllables, having gone up a little before."""

from __future__ import annotations

from bisect import bisect, insort
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lipsync.animation.behavior.motion_style import MotionStyle
from lipsync.animation.behavior.prominence import Accent
from lipsync.animation.behavior.timeline import STEP, Span
from lipsync.animation.easing import ease

_DISTANCE = 0.65
"""Seconds between two nods, at least, at a tempo of 1."""
_MIN_PROMINENCE = -0.4
_MISSED = 0.12
"""Probability that a syllable is not nodded on though it could be: beats at every stress look mechanical."""
_SIZE = (2.8, 1.1)
"""Degrees down at a prominence of 0, and per unit of prominence. A viewer sees 0.5-0.75 of it, as measured on the
pictures drawn, so nods are larger than a person's."""
_SIZE_RANGE = (1.0, 5.2)
"""Degrees, before the speaker's factors."""
_VARIATION = (0.7, 1.25)
"""Factors between which two nods on the same syllable differ."""
_DOWN = (0.03, 0.22)
"""Seconds after the middle of the vowel at which the head is lowest, and the width of the movement."""
_UP = (-0.28, 0.21, 0.33)
"""Seconds from the middle of the vowel to the highest point before it, width of that movement, share of the nod."""
_ASIDE = (0.04, 0.26)
"""Seconds from the middle of the vowel to the peak of the turn and the tilt that go with a nod, and their width."""
_TURN, _TILT = 0.26, 0.13
"""Deviation of turn and tilt, as a share of the nod: no nod is quite straight."""
_MIN_NOTICE, _FULL_NOTICE = 0.12, 0.5
"""Seconds from the start of a piece to a vowel that allow a nod at all, and a whole one: a hurried nod is small."""
_ONSET = 0.3
"""Seconds in which a nod comes in that should have begun before its piece."""
_REACH = 1.0
"""Seconds after its vowel at which a nod is over."""


@dataclass(frozen=True)
class Nod:
    """One nod."""

    time: float
    """Middle of the vowel in seconds of the video."""
    prominence: float
    down: float
    """Degrees."""
    turn: float
    """Degrees of yaw."""
    tilt: float
    """Degrees of roll."""
    known_from: float
    """Time in seconds of the video before which the nod was not known."""


class NodSource:
    """Nods of consecutive pieces."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._last = -np.inf
        self._nods: list[Nod] = []

    def choose(self, span: Span, accents: list[Accent], style: MotionStyle, energy: NDArray[np.float64]) -> list[Nod]:
        """The nods that begin in ``span`` or are not over: on the most prominent of ``accents``, not too close.

        ``energy`` (n,) is the factor of their size at each point of ``span``.
        """
        distance = _DISTANCE / style.tempo
        times = [self._last]
        chosen: list[Accent] = []
        for accent in sorted(accents, key=lambda accent: -accent.prominence):
            if accent.prominence < _MIN_PROMINENCE or accent.time < span.begins + _MIN_NOTICE:
                continue
            place = bisect(times, accent.time)
            if accent.time - times[place - 1] < distance or (
                place < len(times) and times[place] - accent.time < distance
            ):
                continue
            if self._rng.random() >= _MISSED:
                insort(times, accent.time)
                chosen.append(accent)
        self._last = times[-1]
        self._nods = [nod for nod in self._nods if nod.time + _REACH > span.begins]
        for accent in sorted(chosen, key=lambda accent: accent.time):
            size = np.clip(_SIZE[0] + _SIZE[1] * accent.prominence, *_SIZE_RANGE) * style.nod
            size *= energy[min(span.indices(accent.time, span.ends).start, span.count - 1)]
            size *= min(1.0, (accent.time - span.begins) / _FULL_NOTICE)
            down = float(size * self._rng.uniform(*_VARIATION))
            turn, tilt = (float(share * size * self._rng.normal()) for share in (_TURN, _TILT))
            self._nods.append(Nod(accent.time, accent.prominence, down, turn, tilt, span.begins))
        return self._nods


def draw_nods(span: Span, nods: list[Nod]) -> NDArray[np.float64]:
    """(n, 3) degrees of yaw, pitch and roll."""
    curves = np.zeros((span.count, 3))
    times = span.times
    for nod in nods:
        near = span.indices(nod.time - _REACH, nod.time + _REACH)
        since = times[near] - nod.time
        down = _bump(since, *_DOWN)
        up = _bump(since, *_UP[:2])
        aside = _bump(since, *_ASIDE)
        shape = np.stack([nod.turn * aside, nod.down * (_UP[2] * up - down), nod.tilt * aside], axis=1)
        curves[near] += shape * onset(times[near], nod.known_from)[:, None]
    return curves


def onset(times: NDArray[np.float64], known_from: float) -> NDArray[np.float64]:
    """(n,) 0 at ``known_from``, 1 from _ONSET seconds later on: no movement jumps in when a piece becomes known."""
    if known_from <= 0:
        return np.ones(len(times))
    return ease(np.clip((times - known_from + STEP) / _ONSET, 0.0, 1.0))


def _bump(since: NDArray[np.float64], center: float, width: float) -> NDArray[np.float64]:
    bump: NDArray[np.float64] = np.exp(-(((since - center) / width) ** 2))
    return bump
