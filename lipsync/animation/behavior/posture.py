"""Postures: where the head is held. Each phrase takes a new one; in a pause the head goes part of the way home."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lipsync.animation.behavior.motion_style import MotionStyle
from lipsync.animation.behavior.phrases import Phrase
from lipsync.animation.behavior.timeline import Span

_HOLD = 1.5
"""Seconds for which a posture is held at least while a longer phrase goes on."""
_LEAD = 0.15
"""Seconds before a phrase at which the head sets out for its posture."""
_YAW = (4.0, 1.7)
"""Degrees to one side or the other: mean and deviation."""
_PITCH = 1.4
"""Degrees: deviation."""
_ROLL_OF_YAW, _ROLL = -0.16, 1.25
"""Roll that comes with a turn, and the deviation of the rest in degrees."""
_CHANGE_OF_SIDE = 0.7
"""Probability that the next turn goes to the other side."""
_QUESTION = (1.5, 0.8)
"""Degrees of pitch and of roll, to either side, by which the end of a question differs."""
_PAUSE = 0.2
"""Seconds after a phrase at which the head settles, if no other phrase has begun."""
_SETTLED = 0.45
"""Share of a posture that remains in a pause."""
_IDLE = (2.5, 6.0)
"""Seconds between the postures of a silent face, at least and at most."""
_IDLE_SIZE = 0.6
"""Size of a silent face's postures."""

_Move = tuple[float, NDArray[np.float64]]
"""Seconds of the video and the (3,) posture from then on."""


class PostureSource:
    """Postures of consecutive pieces."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._side = 1.0 if rng.random() < 0.5 else -1.0
        self._goal = np.zeros(3)
        self._next_idle = float(rng.uniform(*_IDLE))
        self._is_settled = True

    def goals(self, span: Span, phrases: list[Phrase], style: MotionStyle, energy: float) -> NDArray[np.float64]:
        """(n, 3) steps of yaw, pitch and roll in degrees, to be smoothed; ``energy`` makes them frequent."""
        first = self._goal
        moves: list[_Move] = []
        for phrase in phrases:
            moves += self._idle(phrase.start - _LEAD, style)
            length = phrase.end - phrase.start
            count = max(1, int(length * style.tempo * np.sqrt(energy) / _HOLD))
            for place in range(count):
                is_question = phrase.is_question and place == count - 1 and length < 2.5 * count
                self._goal = self._posture(style, is_question)
                moves.append((phrase.start + place * length / count - _LEAD, self._goal))
            self._next_idle, self._is_settled = phrase.end + _PAUSE, False
        moves += self._idle(span.ends, style)
        goals = np.empty((span.count, 3))
        ends = [*(time for time, _ in moves), span.ends]
        for (start, goal), end in zip([(span.begins, first), *moves], ends, strict=True):
            goals[span.indices(start, end)] = goal
        return goals

    def _idle(self, until: float, style: MotionStyle) -> list[_Move]:
        """Settle, and change the posture from time to time, before ``until``."""
        moves: list[_Move] = []
        while self._next_idle < until:
            settled = _SETTLED * self._goal
            self._goal = _IDLE_SIZE * self._posture(style, is_question=False) if self._is_settled else settled
            moves.append((self._next_idle, self._goal))
            self._is_settled = True
            self._next_idle += float(self._rng.uniform(*_IDLE))
        return moves

    def _posture(self, style: MotionStyle, is_question: bool) -> NDArray[np.float64]:
        """(3,) degrees of a new one."""
        yaw = self._side * abs(self._rng.normal(*_YAW)) * style.turn
        if self._rng.random() < _CHANGE_OF_SIDE:
            self._side = -self._side
        pitch = self._rng.normal(0, _PITCH)
        roll = (_ROLL_OF_YAW * yaw + self._rng.normal(0, _ROLL)) * style.tilt + style.tilt_side
        if is_question:
            pitch += _QUESTION[0]
            roll += _QUESTION[1] * np.sign(self._rng.normal())
        return np.array([yaw, pitch, roll])
