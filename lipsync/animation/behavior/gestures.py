"""Gestures of the head that stand for a word: a nod for yes, a shake for no."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lipsync.animation.behavior.timeline import Span
from lipsync.animation.easing import ease
from lipsync.speech.types import HeadGesture

_NOTICE = 0.1
"""Seconds from the start of the piece to that of the gesture."""
_ONSET = 0.15
"""Seconds in which it comes in."""
_NOD = ((0.32, -7.5, 0.15), (0.62, 1.5, 0.13), (0.90, -5.0, 0.15))
_SHAKE = ((0.30, 7.5, 0.15), (0.68, -7.5, 0.15), (1.04, 5.0, 0.15), (1.34, -2.0, 0.13))
"""Peaks of pitch, and of yaw: seconds from the start, degrees, and width in seconds. Degrees count before
:data:`lipsync.animation.behavior.head.LIMITS`, which leave 5.3 of 7.5."""
_DURATION = 1.9
"""Seconds after which a gesture is over."""


@dataclass(frozen=True)
class _Gesture:
    kind: HeadGesture
    start: float
    """Seconds of the video."""


class GestureSource:
    """Gestures of consecutive pieces."""

    def __init__(self) -> None:
        self._gestures: list[_Gesture] = []

    def curves(self, span: Span, kind: HeadGesture) -> NDArray[np.float64]:
        """(n, 3) degrees of yaw, pitch and roll, with a gesture of ``kind``, if any, that begins with ``span``."""
        self._gestures = [one for one in self._gestures if one.start + _DURATION > span.begins]
        if kind:
            self._gestures.append(_Gesture(kind, span.begins + _NOTICE))
        curves = np.zeros((span.count, 3))
        for gesture in self._gestures:
            near = span.indices(gesture.start, gesture.start + _DURATION)
            since = span.times[near] - gesture.start
            peaks, axis = (_NOD, 1) if gesture.kind == "nod" else (_SHAKE, 0)
            shape = np.sum([size * np.exp(-(((since - peak) / width) ** 2)) for peak, size, width in peaks], axis=0)
            edges = np.minimum(since / _ONSET, (_DURATION - since) / _ONSET)
            curves[near, axis] += shape * ease(np.clip(edges, 0.0, 1.0))
        return curves
