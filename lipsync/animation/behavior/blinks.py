"""Blinks: at intervals of a log-normal distribution, drawn to where people blink, some of them partial or double."""

from __future__ import annotations

from bisect import bisect
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lipsync.animation.behavior.timeline import Span
from lipsync.animation.easing import ease

_DOWN, _SHUT, _UP = 0.08, 0.04, 0.18
"""Seconds of a blink's three parts. A frame of 25 per second lies within the middle one."""
_FIRST = (0.9, 2.0)
"""Seconds before the first blink, at least and at most."""
_SIGMA = 0.45
"""Deviation of the logarithm of the interval, whose median is the speaker's."""
_MIN_INTERVAL = 0.8
"""Seconds between two blinks that are not a double one."""
_DOUBLE, _DOUBLE_INTERVAL = 0.10, 0.34
"""Probability of a second blink at once, and the seconds after which it follows."""
_PARTIAL, _PARTIAL_DEPTH = 0.12, (0.6, 0.85)
"""Probability of a blink that does not shut the eyes, and how far it goes."""
_PULL = 0.6
"""Seconds to the end of a phrase or to a large saccade from which a blink is drawn there."""
_PULL_LAG = 0.03
"""Seconds after that moment at which the eyes are shut."""


@dataclass(frozen=True)
class _Blink:
    time: float
    """Seconds of the video at which the lids meet."""
    depth: float
    """1 = shut."""


class BlinkSource:
    """Blinks during consecutive pieces."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._next = float(rng.uniform(*_FIRST))
        self._earliest = _FIRST[0]
        self._is_double = False
        self._going: list[_Blink] = []

    def lids(self, span: Span, attractors: list[float], interval: float) -> NDArray[np.float64]:
        """(n,) closure of the lids; 1 = shut.

        ``attractors`` are times at which people blink, in order, in seconds of the video; ``interval`` is the median
        in seconds.
        """
        while self._next - _DOWN < span.ends:
            self._going.append(self._plan(span, attractors, interval))
        lids, times = np.zeros(span.count), span.times
        for blink in self._going:
            near = span.indices(blink.time - _DOWN, blink.time + _SHUT + _UP)
            since = times[near] - blink.time
            lid = np.where(since < 0, 1 + since / _DOWN, 1 - (since - _SHUT) / _UP)
            lids[near] = np.maximum(lids[near], blink.depth * ease(np.clip(lid, 0.0, 1.0)))
        self._going = [blink for blink in self._going if blink.time + _SHUT + _UP > span.ends]
        return lids

    def _plan(self, span: Span, attractors: list[float], interval: float) -> _Blink:
        """The next blink; decides when the one after it comes."""
        time = self._next
        if not self._is_double:
            earliest = max(self._earliest, span.begins + _DOWN)
            known = attractors[bisect(attractors, time - _PULL) : bisect(attractors, time + _PULL)]
            near = [moment + _PULL_LAG for moment in known if moment + _PULL_LAG >= earliest]
            time = min(near, key=lambda moment: abs(moment - time), default=time)
        is_partial = not self._is_double and self._rng.random() < _PARTIAL
        depth = float(self._rng.uniform(*_PARTIAL_DEPTH)) if is_partial else 1.0
        self._is_double = not self._is_double and bool(self._rng.random() < _DOUBLE)
        self._earliest = time + _MIN_INTERVAL
        if self._is_double:
            self._next = time + _DOUBLE_INTERVAL
        else:
            self._next = time + max(_MIN_INTERVAL, float(self._rng.lognormal(np.log(interval), _SIGMA)))
        return _Blink(time, depth)
