"""Speech -> FaceTrack, piece by piece on one timeline."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from lipsync.animation.behavior.brows import BROW_WEIGHTS
from lipsync.animation.behavior.eye_look import eye_look_weights
from lipsync.animation.behavior.generator import BehaviorGenerator
from lipsync.animation.behavior.mood_curve import mood_weights, smile_removal
from lipsync.animation.coarticulation import STEP, Curves, curves_of, times_of
from lipsync.animation.easing import ease
from lipsync.animation.expression import Expression
from lipsync.animation.types import ARKIT_NAMES, FaceTrack
from lipsync.animation.visemes import units_opening
from lipsync.speech.types import Speech

_JOIN = 0.08
"""Seconds in which a mouth that was open at the end of one piece goes over into the next."""
_FASTEST = 215.0
"""Millimetres a second: lips do not open or close faster, so quick speech opens them less."""
_BLINKS = [ARKIT_NAMES.index("eyeBlinkLeft"), ARKIT_NAMES.index("eyeBlinkRight")]
_BROWS = [ARKIT_NAMES.index(name) for name in BROW_WEIGHTS]


class TrackBuilder:
    """Makes the face track of one video out of its consecutive pieces of speech.

    Frame f is the face at its middle, (f + 0.5) / fps, or at the moment within it that must be seen: the middle of a
    closure, and of a short opening between two, would else fall between frames. The whole is ceil(duration * fps)
    frames long, counted in samples, however it is cut into pieces. One builder serves one video and one thread.

    ``seed`` decides about everything that is not speech; ``expression`` says how lively the face is, and its mood.
    """

    def __init__(self, fps: int, seed: int, expression: Expression = Expression()) -> None:  # noqa: B008 - immutable
        self._fps = fps
        self._behavior = BehaviorGenerator(seed, expression)
        self._samples = 0
        self._frames = 0
        self._rate = 0
        self._opening = 0.0
        self._mouth: NDArray[np.float64] = np.concatenate([np.zeros(len(ARKIT_NAMES)), [1.0, 0.0, 0.0]])

    def add(self, speech: Speech, *, last: bool) -> FaceTrack:
        """The frames whose middle lies in ``speech``, which follows the pieces before; ``last``: all that remain.

        A piece may be too short to give a frame. Raises ValueError when the rate is not that of the pieces before.
        """
        if self._rate not in (0, speech.rate):
            raise ValueError(f"{speech.rate} samples a second after {self._rate}")
        self._rate = speech.rate
        begin, self._samples = self._samples, self._samples + len(speech.samples)
        first, self._frames = self._frames, self._count(last)
        middles = (np.arange(first, self._frames, dtype=np.float64) + 0.5) / self._fps - begin / self._rate
        curves = curves_of(speech, ends=last)
        mouth = self._concatenate(curves)
        self._mouth = mouth[-1].copy()  # a view would keep the whole piece
        times = times_of(speech)
        looks = viewing_times(curves.moments, middles, begin / self._rate, self._fps, first)
        weights = interpolate(mouth[:, : len(ARKIT_NAMES)], times, looks)
        contacts = interpolate(mouth[:, len(ARKIT_NAMES) :], times, looks)
        seal = contacts[:, 0]
        weights *= self._limit_speed(weights @ units_opening() * (1 - seal))[:, None]
        behavior = self._behavior.add(speech, begin / self._rate, middles + begin / self._rate)
        weights += mood_weights(
            behavior.moods, weights, seal=seal, blink=behavior.blink, speaking=behavior.speaking
        ) + eye_look_weights(behavior.gaze)
        weights[:, _BLINKS] += behavior.lids[:, None]
        weights[:, _BROWS] += behavior.brows[:, None] * list(BROW_WEIGHTS.values())
        return FaceTrack(
            fps=self._fps,
            start=first,
            weights=np.clip(weights, 0.0, 1.0).astype(np.float32),
            seal=seal.astype(np.float32),
            bite=contacts[:, 1].astype(np.float32),
            tongue=np.clip(contacts[:, 2], 0.0, 1.0).astype(np.float32),
            pose=behavior.pose.astype(np.float32),
            torso=behavior.torso.astype(np.float32),
            gaze=behavior.gaze.astype(np.float32),
            smile_removal=np.clip(smile_removal(behavior.moods), 0.0, 1.0).astype(np.float32),
        )

    def _count(self, last: bool) -> int:
        """Frames of all the sound so far, in whole numbers: no duration is a fraction that rounds the wrong way."""
        if last:
            return -(-self._samples * self._fps // self._rate)
        # (2 f + 1) / (2 fps) < samples / rate
        return max(self._frames, -(-(2 * self._samples * self._fps - self._rate) // (2 * self._rate)))

    def _concatenate(self, curves: Curves) -> NDArray[np.float64]:
        """(n, 55) weights and contacts, beginning where the piece before has ended."""
        mouth = np.concatenate([curves.weights, curves.contacts], axis=1)
        part = ease(np.clip(np.arange(len(mouth)) * STEP / _JOIN, 0.0, 1.0))[:, None]
        joined: NDArray[np.float64] = self._mouth * (1 - part) + mouth * part
        return joined

    def _limit_speed(self, opening: NDArray[np.float64]) -> NDArray[np.float64]:
        """(T,) factors in [0, 1] that bring ``opening`` (T,), in mm, to the highest curve that is slow enough."""
        target = np.maximum(np.concatenate([[self._opening], opening]), 0.0)
        climb = _FASTEST / self._fps * np.arange(len(target))
        rising = np.minimum.accumulate(target - climb) + climb
        falling = np.minimum.accumulate((target + climb)[::-1])[::-1] - climb
        slow = np.minimum(rising, falling)
        self._opening = float(slow[-1])
        factors: NDArray[np.float64] = np.minimum(slow[1:] / np.maximum(target[1:], 1e-6), 1.0)
        return factors


def viewing_times(
    moments: Iterable[float], middles: NDArray[np.float64], begins: float, fps: int, first: int
) -> NDArray[np.float64]:
    """(T,) the time at which each frame shows the mouth, in seconds of its piece.

    That is its middle, of ``middles`` (T,), or the last of ``moments`` that lies within it. The piece begins at
    ``begins`` seconds of the video, its frames at index ``first``.
    """
    times = middles.copy()
    for moment in moments:
        place = int(np.floor((moment + begins) * fps)) - first
        if 0 <= place < len(times):
            times[place] = moment
    return times


def interpolate(
    curves: NDArray[np.float64], times: NDArray[np.float64], middles: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(T, C) the curves (n, C), given at ``times``, at each of ``middles``."""
    return np.stack([np.interp(middles, times, curve) for curve in curves.T], axis=1)
