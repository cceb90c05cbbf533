"""Speech -> FaceTrack, piece by piece on one timeline."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lipsync.animate.coarticulation import STEP, Curves, curves_of, times_of
from lipsync.animate.easing import ease
from lipsync.animate.gestures import GestureSource
from lipsync.animate.types import ARKIT_NAMES, FaceTrack
from lipsync.animate.visemes import units_opening
from lipsync.speech.types import Speech

_JOIN = 0.08
"""Seconds in which a mouth that was open at the end of one piece goes over into the next."""
_FASTEST = 215.0
"""Millimetres a second: lips do not open or close faster, so quick speech opens them less."""
_BLINKS = [ARKIT_NAMES.index("eyeBlinkLeft"), ARKIT_NAMES.index("eyeBlinkRight")]
_BROW = ARKIT_NAMES.index("browInnerUp")


class TrackBuilder:
    """Makes the face track of one video out of its consecutive pieces of speech.

    Frame f is the face at its middle, (f + 0.5) / fps, or at the moment within it that must be seen: the middle of a
    closure, and of a short opening between two, would else fall between frames. The whole is ceil(duration * fps)
    frames long, counted in samples, however it is cut into pieces. One builder serves one video and one thread.
    """

    def __init__(self, fps: int, seed: int) -> None:
        self._fps = fps
        self._gestures = GestureSource(fps, seed)
        self._rng = np.random.default_rng([abs(seed), 3])
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
        mouth = self._joined(curves)
        self._mouth = mouth[-1]
        times = times_of(speech)
        looks = middles.copy()
        for moment in curves.moments:
            place = int(np.floor((moment + begin / self._rate) * self._fps)) - first
            if 0 <= place < len(looks):
                looks[place] = moment
        weights = _at(mouth[:, : len(ARKIT_NAMES)], times, looks)
        contacts = _at(mouth[:, len(ARKIT_NAMES) :], times, looks)
        seal = contacts[:, 0]
        loud = _at(curves.loudness[:, None], times, middles)[:, 0]
        weights *= self._slowed(weights @ units_opening() * (1 - seal))[:, None]
        gestures = self._gestures.frames(first, loud, self._accents(speech, middles))
        weights[:, _BLINKS] = gestures.blink[:, None]
        weights[:, _BROW] += gestures.brow
        return FaceTrack(
            fps=self._fps,
            start=first,
            weights=np.clip(weights, 0.0, 1.0).astype(np.float32),
            seal=seal.astype(np.float32),
            bite=contacts[:, 1].astype(np.float32),
            tongue=np.clip(contacts[:, 2], 0.0, 1.0).astype(np.float32),
            pose=gestures.pose.astype(np.float32),
        )

    def _count(self, last: bool) -> int:
        """Frames of all the sound so far, in whole numbers: no duration is a fraction that rounds the wrong way."""
        if last:
            return -(-self._samples * self._fps // self._rate)
        # (2 f + 1) / (2 fps) < samples / rate
        return max(self._frames, -(-(2 * self._samples * self._fps - self._rate) // (2 * self._rate)))

    def _joined(self, curves: Curves) -> NDArray[np.float64]:
        """(n, 55) weights and contacts, beginning where the piece before has ended."""
        mouth = np.concatenate([curves.weights, curves.contacts], axis=1)
        part = ease(np.clip(np.arange(len(mouth)) * STEP / _JOIN, 0.0, 1.0))[:, None]
        joined: NDArray[np.float64] = self._mouth * (1 - part) + mouth * part
        return joined

    def _slowed(self, opening: NDArray[np.float64]) -> NDArray[np.float64]:
        """(T,) factors in [0, 1] that bring ``opening`` (T,), in mm, to the highest curve that is slow enough."""
        wanted = np.maximum(np.concatenate([[self._opening], opening]), 0.0)
        climb = _FASTEST / self._fps * np.arange(len(wanted))
        rising = np.minimum.accumulate(wanted - climb) + climb
        falling = np.minimum.accumulate((wanted + climb)[::-1])[::-1] - climb
        slow = np.minimum(rising, falling)
        self._opening = float(slow[-1])
        factors: NDArray[np.float64] = np.minimum(slow[1:] / np.maximum(wanted[1:], 1e-6), 1.0)
        return factors

    def _accents(self, speech: Speech, middles: NDArray[np.float64]) -> NDArray[np.float64]:
        """(T,) 1 while one of the stressed vowels that the brows mark is heard: about every fourth."""
        accent = np.zeros(len(middles))
        for phone in speech.phones:
            if phone.symbol.startswith("ˈ") and self._rng.random() < 0.25:
                accent[(middles >= phone.start - 0.06) & (middles < phone.end + 0.10)] = 1.0
        return accent


def _at(curves: NDArray[np.float64], times: NDArray[np.float64], middles: NDArray[np.float64]) -> NDArray[np.float64]:
    """(T, C) the curves (n, C), given at ``times``, at each of ``middles``."""
    return np.stack([np.interp(middles, times, curve) for curve in curves.T], axis=1)
