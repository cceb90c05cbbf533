"""Where the eyes look: at the viewer for the most part, in fixations and saccades, whatever the head does."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lipsync.animation.behavior.motion_style import MotionStyle
from lipsync.animation.behavior.phrases import Phrase
from lipsync.animation.behavior.timeline import STEP, Span

COUNTER_ROTATION = 0.95
"""Share of the head's turn that the eyes take back (the vestibulo-ocular reflex)."""
LIMITS = np.array([14.0, 8.0])
"""Degrees across and up or down to which eyes in a portrait can be turned and still look right."""
_FIXATION = (0.5, 1.6)
"""Seconds of a fixation, at least and at most."""
_LOOK_BACK = (1.2, 2.8)
"""Seconds of the first fixation after a look away, at least and at most."""
_LOOK_AWAY = (0.45, 0.9)
"""Seconds of a look away."""
_ACROSS, _DOWN_UP = (4.0, 8.0), (-4.0, 2.5)
"""Degrees of a look away: to either side, and down to up."""
_EYE_TO_EYE, _UP_DOWN = (0.3, 1.3), 0.5
"""Degrees of a fixation within the viewer's face: to either side, and the deviation of up and down."""
_MIN_DISTANCE = 0.15
"""Seconds from the start of one saccade to that of the next, at least."""
_AWAY = 2.5
"""Degrees from where the eyes rest that make a look away."""
_AT_PHRASE, _SPEAKING, _SILENT = 0.30, 0.05, 0.03
"""Probability of a look away as a phrase begins, and at any saccade in speech and in silence."""
_MIN_PHRASE = 0.8
"""Seconds of a phrase that can begin with a look away."""
_AT_REST = 0.65
"""Probability of a fixation to be where the mood lets the eyes rest, if that is not the viewer."""
_MOOD_DELAY = 0.2
"""Seconds after a change of mood at which the eyes go to where it rests them."""
_DURATION = (0.021, 0.0033)
"""Seconds of a saccade, and seconds per degree (the main sequence)."""

_Cause = Literal["phrase", "mood"]
"""What makes the eyes move before a fixation is over: a phrase begins, or the mood changes."""


@dataclass(frozen=True)
class Saccade:
    """A jump of the look."""

    time: float
    """Seconds of the video at which it begins."""
    start: NDArray[np.float64]
    """(2,) degrees right and up of the viewer."""
    target: NDArray[np.float64]
    """(2,) degrees right and up of the viewer."""

    @property
    def size(self) -> float:
        """Degrees."""
        return float(np.hypot(*(self.target - self.start)))


class GazeSource:
    """Looks during consecutive pieces, in the world: as seen from a head that does not turn."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._at = np.zeros(2)
        self._rest = np.zeros(2)
        self._next = float(rng.uniform(*_FIXATION))
        self._last: Saccade | None = None

    def saccades(
        self,
        span: Span,
        phrases: list[Phrase],
        style: MotionStyle,
        *,
        rests: NDArray[np.float64],
        speaking: NDArray[np.float64],
    ) -> list[Saccade]:
        """Those that begin in ``span``, after the last one before it.

        ``rests`` (n, 2) are degrees right and up of the viewer where the mood rests the eyes at each point;
        ``speaking`` (n,) is 1 in speech, 0 in silence.
        """
        found = [] if self._last is None else [self._last]
        starts = [p.start for p in phrases if p.end - p.start >= _MIN_PHRASE]
        forced = [
            max(span.begins, start + float(self._rng.uniform(-0.2, 0.1)))
            for start in starts
            if self._rng.random() < _AT_PHRASE * style.look_away
        ]
        changes = np.flatnonzero(np.abs(np.diff(rests, axis=0, prepend=self._rest[None])).max(axis=1) > 1)
        moved = [span.begins + place * STEP + _MOOD_DELAY for place in changes.tolist()]
        events: deque[tuple[float, _Cause]] = deque(
            sorted([*((t, "phrase") for t in forced), *((t, "mood") for t in moved)])
        )
        while True:
            time, cause = self._next, None
            if events and events[0][0] <= time:
                time, cause = events.popleft()
            if time >= span.ends:
                break
            if self._last is not None:
                time = max(time, self._last.time + _MIN_DISTANCE)
            index = int(np.clip((time - span.begins) / STEP + 0.5, 0, span.count - 1))
            target, stay = self._choose(rests[index], cause, speaking[index] > 0.5, style)
            self._last = Saccade(time, self._at, target)
            self._at, self._next = target, time + stay
            found.append(self._last)
        if span.count:
            self._rest = rests[-1].copy()
        return found

    def _choose(
        self, rest: NDArray[np.float64], cause: _Cause | None, is_speaking: bool, style: MotionStyle
    ) -> tuple[NDArray[np.float64], float]:
        """Where to look next, and for how many seconds."""
        rng = self._rng
        was_away = np.hypot(*(self._at - rest)) > _AWAY and np.hypot(*self._at) > _AWAY
        share = (_SPEAKING if is_speaking else _SILENT) * style.look_away
        if cause == "phrase" or (cause is None and not was_away and rng.random() < share):
            side = rng.choice([-1.0, 1.0])
            return np.array([side * rng.uniform(*_ACROSS), rng.uniform(*_DOWN_UP)]), float(rng.uniform(*_LOOK_AWAY))
        stay = float(rng.uniform(*(_LOOK_BACK if was_away else _FIXATION)))
        if np.any(rest) and (cause == "mood" or rng.random() < _AT_REST):
            return rest * rng.uniform(0.8, 1.2) + rng.normal(0, 0.6, 2), stay
        across = rng.uniform(*_EYE_TO_EYE) * (-1.0 if self._at[0] > 0 else 1.0)
        return np.array([across, rng.normal(0, _UP_DOWN)]), stay


def draw_saccades(span: Span, saccades: list[Saccade]) -> NDArray[np.float64]:
    """(n, 2) degrees right and up of the viewer; the eyes stay where each saccade has led them."""
    look = np.zeros((span.count, 2))
    times = span.times
    ends = [*(saccade.time for saccade in saccades[1:]), span.ends]
    for saccade, end in zip(saccades, ends, strict=False):
        lasts = _DURATION[0] + _DURATION[1] * saccade.size
        after = span.indices(saccade.time, end)
        part = np.clip((times[after] - saccade.time) / lasts, 0.0, 1.0)
        eased = part**3 * (10 - 15 * part + 6 * part**2)
        look[after] = saccade.start + (saccade.target - saccade.start) * eased[:, None]
    return look


def turn_eyes(look: NDArray[np.float64], pose: NDArray[np.float64], motion: float) -> NDArray[np.float64]:
    """(n, 2) turn of the eyes in the head, as in FaceTrack: towards ``look`` (n, 2), against the ``pose`` (n, 5)."""
    return np.clip(motion * look - COUNTER_ROTATION * pose[:, :2], -LIMITS, LIMITS)
