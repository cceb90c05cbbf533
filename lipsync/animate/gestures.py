"""What a face does besides speaking: it blinks, its head sways and follows the voice, its brows mark an accent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lipsync.animate.easing import ease

_DOWN, _SHUT, _UP = 0.09, 0.04, 0.16
"""Seconds of a blink's three parts."""
_BETWEEN = (2.6, 5.5)
"""Seconds from one blink to the next, at least and at most."""
_DOUBLE = 0.12
"""Share of blinks that are followed by a second one at once."""
_START = 1.5
"""Seconds in which the head leaves its rest."""

# right, down, roll, growth: amplitude (eye distances and radians), and periods in seconds that share no multiple
_AMPLITUDE = np.array([0.016, 0.014, 0.010, 0.004])
_PERIODS = ((5.3, 3.1, 8.7), (4.1, 2.3, 7.1), (6.1, 3.7, 9.0), (7.3, 4.9, 11.3))
_IDLE = np.array([1.0, 0.6, 1.0, 1.0])
_NOD = 0.5
"""How far, of the amplitude down, the head goes with the voice."""
_BROW = 0.22
"""browInnerUp at a full accent."""


@dataclass(frozen=True)
class Gestures:
    """T frames of them."""

    blink: NDArray[np.float64]
    """(T,) 1 = shut."""
    pose: NDArray[np.float64]
    """(T, 4) as in FaceTrack."""
    brow: NDArray[np.float64]
    """(T,) weight of browInnerUp."""


class GestureSource:
    """Gives the gestures of consecutive frames. The same seed and speech give the same gestures."""

    def __init__(self, fps: int, seed: int) -> None:
        self._fps = fps
        self._blinks = np.random.default_rng([abs(seed), 1])
        self._phases = np.random.default_rng([abs(seed), 2]).uniform(0, 2 * np.pi, (len(_PERIODS), 3))
        self._at = float(self._blinks.uniform(1.0, 2.5))
        self._again = False
        self._voice = _Follower(0.35)
        self._accent = _Follower(0.12)

    def frames(self, start: int, loudness: NDArray[np.float64], accent: NDArray[np.float64]) -> Gestures:
        """Gestures of ``len(loudness)`` frames from frame ``start``, which follows the last one given.

        ``loudness`` and ``accent`` are (T,) in about [0, 1]: how loud the voice is, and whether a stress is heard.
        """
        times = (np.arange(start, start + len(loudness)) + 0.5) / self._fps
        voice = np.array([self._voice.follow(value, 1 / self._fps) for value in loudness])
        raised = np.array([self._accent.follow(value, 1 / self._fps) for value in accent])
        waves = [
            np.mean(
                [np.sin(2 * np.pi * times / period + phase) for period, phase in zip(row, phases, strict=True)], 0
            )
            for row, phases in zip(_PERIODS, self._phases, strict=True)
        ]
        pose = np.stack(waves, axis=-1).reshape(len(times), len(_PERIODS)) * _IDLE
        pose[:, 1] += _NOD * voice
        pose *= _AMPLITUDE * ease(np.clip(times / _START, 0.0, 1.0))[:, None]
        return Gestures(self._blinking(times), pose, _BROW * np.clip(raised, 0.0, 1.0))

    def _blinking(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        """(T,) the lids at ``times``; the next blink's time is kept from call to call, so one may cross a border."""
        lids = np.zeros(len(times))
        while len(times) and self._at - _DOWN <= times[-1]:
            since = times - self._at
            lid = np.where(since < 0, 1 + since / _DOWN, 1 - (since - _SHUT) / _UP)
            lids = np.maximum(lids, ease(np.clip(lid, 0.0, 1.0)))
            if self._at + _SHUT + _UP > times[-1]:
                break  # it goes on in the frames to come
            self._again = not self._again and bool(self._blinks.random() < _DOUBLE)
            pause = _DOWN + _SHUT + _UP + 0.05 if self._again else float(self._blinks.uniform(*_BETWEEN))
            self._at += pause
        return lids


class _Follower:
    """A critically damped spring: follows a value without a jump in place or in speed."""

    def __init__(self, time: float) -> None:
        self._rate = 1 / time
        self._place = 0.0
        self._speed = 0.0

    def follow(self, target: float, step: float) -> float:
        """Where it is ``step`` seconds later, if ``target`` holds for that long (the equation's exact solution)."""
        offset = self._place - target
        pull = self._speed + self._rate * offset
        decay = float(np.exp(-self._rate * step))
        self._place = target + (offset + pull * step) * decay
        self._speed = (self._speed - self._rate * pull * step) * decay
        return self._place
