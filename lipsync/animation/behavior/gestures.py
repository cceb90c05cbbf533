"""Gestures of the head that stand for a word: a nod for yes, a shake for no, a tilt for “who knows” or “I listen”."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lipsync.animation.behavior.prominence import Accent
from lipsync.animation.behavior.timeline import Span
from lipsync.animation.easing import ease
from lipsync.speech.types import HeadGesture

_NOTICE = 0.1
"""Seconds from the start of the piece to that of a gesture without a stressed word."""
_MAX_WAIT = 0.4
"""Seconds from the start of the piece after which a gesture begins at the latest: one that comes late seems to belong
to another word. A first stress at up to 0.7 s is met."""
_LAG = 0.03
"""Seconds from the middle of a stressed vowel to the first peak of the gesture, as of a nod of speech."""
_ONSET = 0.15
"""Seconds in which it comes in."""
_WIDTHS = 2.5
"""Widths of its last peak after which a gesture is over."""
_SIZE, _TEMPO = (0.85, 1.1), (1.0, 1.12)
"""Factors between which two gestures of a kind differ in size and speed."""

_YAW, _PITCH, _ROLL = range(3)
_Peak = tuple[float, float, float]
"""Seconds from the start, degrees, and width in seconds."""


@dataclass(frozen=True)
class _Shape:
    """The movement of one kind of gesture. Degrees count before :data:`lipsync.animation.behavior.head.LIMITS`, which
    leave 5.3 of 7.5 degrees of pitch, and 2.1 of 3.5 of roll."""

    axis: int
    peaks: tuple[_Peak, ...]
    brows: float = 0.0
    """Lift of the brows at the first peak, 0 to 1."""
    is_two_sided: bool = True
    """Whether it may as well go to the other side."""

    @property
    def duration(self) -> float:
        """Seconds at a tempo of 1."""
        return max(peak + _WIDTHS * width for peak, _, width in self.peaks)


_SHAPES: Mapping[HeadGesture, _Shape] = {
    "nod": _Shape(
        _PITCH, ((0.32, -7.5, 0.15), (0.62, 1.5, 0.13), (0.90, -5.0, 0.15)), brows=0.35, is_two_sided=False
    ),
    "shake": _Shape(_YAW, ((0.30, 7.5, 0.15), (0.68, -7.5, 0.15), (1.04, 5.0, 0.15), (1.34, -2.0, 0.13))),
    "tilt": _Shape(_ROLL, ((0.60, 3.5, 0.40),), brows=0.7),
}
_BROW_WIDTH = 0.25
"""Seconds: width of the movement of the brows."""


@dataclass(frozen=True)
class Gesture:
    """One gesture."""

    kind: HeadGesture
    start: float
    """Seconds of the video."""
    size: float = 1.0
    """Factor of its degrees; negative: to the other side."""
    tempo: float = 1.0
    """Factor of its speed, 1 or more."""

    @property
    def end(self) -> float:
        """Seconds of the video."""
        return self.start + _SHAPES[self.kind].duration / self.tempo


class GestureSource:
    """Gestures of consecutive pieces."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._gestures: list[Gesture] = []

    def choose(self, span: Span, kind: HeadGesture, accents: list[Accent]) -> list[Gesture]:
        """The gestures that are not over in ``span``, with one of ``kind``, if any, that begins in it.

        Its first peak is on the first of ``accents``, in order, or as soon after it as the movement allows.
        """
        self._gestures = [gesture for gesture in self._gestures if gesture.end > span.begins]
        if kind:
            shape = _SHAPES[kind]
            size, tempo = float(self._rng.uniform(*_SIZE)), float(self._rng.uniform(*_TEMPO))
            if shape.is_two_sided and self._rng.random() < 0.5:
                size = -size
            start = span.begins + _NOTICE
            if accents:
                peak = accents[0].time + _LAG
                start = min(max(span.begins, peak - shape.peaks[0][0] / tempo), span.begins + _MAX_WAIT)
            self._gestures.append(Gesture(kind, start, size, tempo))
        return self._gestures


def draw_gestures(span: Span, gestures: list[Gesture]) -> NDArray[np.float64]:
    """(n, 3) degrees of yaw, pitch and roll."""
    curves = np.zeros((span.count, 3))
    for gesture in gestures:
        shape = _SHAPES[gesture.kind]
        near, since = _during(span, gesture)
        curves[near, shape.axis] += gesture.size * _edges(since, shape) * _bumps(since, shape.peaks)
    return curves


def gesture_brows(span: Span, gestures: list[Gesture]) -> NDArray[np.float64]:
    """(n,) lift of the brows in [0, 1] that goes with ``gestures``."""
    low = np.ones(span.count)
    for gesture in gestures:
        shape = _SHAPES[gesture.kind]
        near, since = _during(span, gesture)
        low[near] *= 1 - _edges(since, shape) * _bumps(since, ((shape.peaks[0][0], shape.brows, _BROW_WIDTH),))
    return 1 - low


def _during(span: Span, gesture: Gesture) -> tuple[slice, NDArray[np.float64]]:
    """The points of ``span`` during ``gesture``, and the seconds since its start, in its own time."""
    near = span.indices(gesture.start, gesture.end)
    return near, (span.times[near] - gesture.start) * gesture.tempo


def _edges(since: NDArray[np.float64], shape: _Shape) -> NDArray[np.float64]:
    """(n,) 0 at both ends of a gesture, 1 between them."""
    return ease(np.clip(np.minimum(since, shape.duration - since) / _ONSET, 0.0, 1.0))


def _bumps(since: NDArray[np.float64], peaks: tuple[_Peak, ...]) -> NDArray[np.float64]:
    bumps: NDArray[np.float64] = np.sum(
        [size * np.exp(-(((since - peak) / width) ** 2)) for peak, size, width in peaks], axis=0
    )
    return bumps
