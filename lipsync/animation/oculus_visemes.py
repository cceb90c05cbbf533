"""The 15 visemes of Oculus, from phones with their times: the second set of weights beside ARKit's.

They are not derived from the ARKit weights, which several visemes share, but from the same blend of mouth shapes:
each shape of :data:`lipsync.animation.visemes.VISEMES` is one viseme of Oculus.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lipsync.animation.coarticulation import STEP, Curves, curves_of, times_of
from lipsync.animation.easing import ease
from lipsync.animation.track import interpolate, viewing_times
from lipsync.animation.types import FaceTrack
from lipsync.animation.visemes import VISEMES
from lipsync.speech.types import Speech

OCULUS_VISEMES: dict[str, str] = {
    "rest": "viseme_sil", "PP": "viseme_PP", "FF": "viseme_FF", "TH": "viseme_TH", "DD": "viseme_DD",
    "KK": "viseme_kk", "CH": "viseme_CH", "SS": "viseme_SS", "NN": "viseme_nn", "RR": "viseme_RR", "AA": "viseme_aa",
    "EE": "viseme_E", "II": "viseme_I", "OO": "viseme_O", "UU": "viseme_U",
}  # fmt: skip
"""The viseme of Oculus for each shape of VISEMES, in their order."""
OCULUS_NAMES: tuple[str, ...] = tuple(OCULUS_VISEMES.values())
"""Names of the 15 visemes, with the prefix that glTF avatars use."""

_REST, _PP, _FF = (VISEMES.index(name) for name in ("rest", "PP", "FF"))
_JOIN = 0.08
"""Seconds in which the mouth at the end of one piece goes over into the next, as in the face track."""


class OculusVisemeBuilder:
    """Makes the viseme weights that go with the face track of one video, piece by piece."""

    def __init__(self) -> None:
        self._samples = 0
        self._mouth = _mouth_at_rest()

    def add(self, speech: Speech, track: FaceTrack, *, last: bool) -> NDArray[np.float32]:
        """(T, 15) weights in the order of OCULUS_NAMES for the frames of ``track``; each row sums to 1.

        ``track`` is what :class:`lipsync.animation.track.TrackBuilder` made of the same piece with the same ``last``.
        """
        begins, self._samples = self._samples / speech.rate, self._samples + len(speech.samples)
        curves = curves_of(speech, ends=last)
        mouth = viseme_curves(curves)
        part = ease(np.clip(np.arange(len(mouth)) * STEP / _JOIN, 0.0, 1.0))[:, None]
        mouth = self._mouth * (1 - part) + mouth * part
        self._mouth = mouth[-1].copy()
        middles = (np.arange(len(track), dtype=np.float64) + track.start + 0.5) / track.fps - begins
        looks = viewing_times(curves.moments, middles, begins, track.fps, track.start)
        return interpolate(mouth, times_of(speech), looks).astype(np.float32)


def viseme_curves(curves: Curves) -> NDArray[np.float64]:
    """(n, 15) weights at each point of ``curves``: rows sum to 1.

    Where the lips touch each other or the teeth that viseme takes the weight of its neighbours.
    """
    weights = curves.shapes.copy()
    weights[:, _REST] += np.maximum(0.0, 1 - weights.sum(axis=1))
    silent = weights[:, _REST].copy()
    for viseme, contact in ((_FF, curves.contacts[:, 1]), (_PP, curves.contacts[:, 0])):
        # a mouth that is shut in a pause is silence, not a “p”
        held = np.clip(contact - (silent if viseme == _PP else 0.0), 0.0, 1.0)
        weights *= (1 - held)[:, None]
        weights[:, viseme] += held
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float64)


def _mouth_at_rest() -> NDArray[np.float64]:
    """(15,) weights of a mouth at rest."""
    weights = np.zeros(len(VISEMES))
    weights[_REST] = 1.0
    return weights
