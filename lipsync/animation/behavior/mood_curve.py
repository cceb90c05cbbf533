"""Moods over time: how much of each the face shows, and what that does to it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lipsync.animation.behavior.filters import LowPass
from lipsync.animation.behavior.timeline import Span
from lipsync.animation.expression import Expression
from lipsync.animation.moods import MOOD_STYLES
from lipsync.animation.types import ARKIT_NAMES
from lipsync.speech.types import Speech
from lipsync.text.mood import MOODS, Mood

_CHANGE = 0.08
"""Seconds: time constant of a change of mood, which then takes 0.37 s from 10 % to 90 %."""
_LEAD = 0.2
"""Seconds by which a mood begins to show before its words, and to fade before their end."""
_HOLD = 0.6
"""Seconds between two moods, or at the start or end of a piece, that share the mood of the words beside them."""
_IN_SPEECH = 0.75
"""Share of the mouth's units of a mood that remains while the mouth speaks."""
_SMILE_LOSS, _OTHER_LOSS = 0.55, 0.60
"""Share of a smile, and of a frown, shrug or press of the lips, that a round vowel takes away."""

_STYLES = [MOOD_STYLES[mood] for mood in MOODS]
_UNITS = np.array([[style.weights.get(name, 0.0) for name in ARKIT_NAMES] for style in _STYLES])
_BIAS = np.array([[style.yaw, style.pitch, style.roll] for style in _STYLES])
_ENERGY = np.array([style.energy - 1 for style in _STYLES])
_GAZE = np.array([style.gaze for style in _STYLES])
_LIDS = np.array([style.lids for style in _STYLES])
_SMILE_REMOVAL = np.array([style.smile_removal for style in _STYLES])

_ROUND = [ARKIT_NAMES.index(name) for name in ("mouthPucker", "mouthFunnel")]
_MOUTH = np.array([name.startswith("mouth") for name in ARKIT_NAMES])
_SMILE = np.array([name.startswith("mouthSmile") for name in ARKIT_NAMES])
_LIPS = np.array([name.startswith(("mouthFrown", "mouthShrug", "mouthPress")) for name in ARKIT_NAMES])
_OPEN_EYES = [k for k, name in enumerate(ARKIT_NAMES) if name.startswith(("eyeWide", "eyeSquint"))]
_JAW = ARKIT_NAMES.index("jawOpen")


class MoodMixer:
    """Moods during consecutive pieces, as (n, M) shares in the order of MOODS; a video begins with a neutral face."""

    def __init__(self, expression: Expression) -> None:
        self._expression = expression
        self._filter = LowPass(_CHANGE, len(MOODS))

    def mix(self, span: Span, speech: Speech, begins: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The moods that are meant at each point of ``span``, and those that the face shows there.

        ``begins`` is the time of the start of ``speech`` in seconds of the video.
        """
        meant = np.zeros((span.count, len(MOODS)))
        meant[:] = _shares(self._expression.mood, self._expression.strength)
        before = 0.0
        for place, mood in enumerate(speech.moods):
            start = before if mood.start - before < _HOLD else mood.start
            is_last = place == len(speech.moods) - 1
            end = np.inf if is_last and speech.duration - mood.end < _HOLD else begins + mood.end - _LEAD
            meant[span.indices(begins + start - _LEAD, end)] = _shares(mood.mood, mood.strength)
            before = mood.end
        return meant, self._filter.filter(meant)


def _shares(mood: Mood, strength: float) -> NDArray[np.float64]:
    """(M,) of one mood."""
    shares: NDArray[np.float64] = strength * (np.arange(len(MOODS)) == MOODS.index(mood))
    return shares


def _times(mix: NDArray[np.float64], table: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(mix @ table, np.float64)


def head_bias(mix: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, 3) degrees of yaw, pitch and roll by which the head is turned."""
    return _times(mix, _BIAS)


def energy_factor(mix: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n,) factor of the size of the head's motion."""
    return 1 + _times(mix, _ENERGY)


def gaze_rest(mix: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, 2) degrees right and up of the viewer where the eyes rest."""
    return _times(mix, _GAZE)


def lid_closure(mix: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n,) closure of the lids between blinks."""
    return _times(mix, _LIDS)


def smile_removal(mix: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n,) as in FaceTrack."""
    return _times(mix, _SMILE_REMOVAL)


def mood_weights(
    mix: NDArray[np.float64],
    spoken: NDArray[np.float64],
    *,
    seal: NDArray[np.float64],
    blink: NDArray[np.float64],
    speaking: NDArray[np.float64],
) -> NDArray[np.float64]:
    """(T, 52) weights that the moods add to those of speech.

    Parameters
    ----------
    mix : (T, M) the moods shown.
    spoken : (T, 52) weights of speech alone.
    seal : (T,) 1 where the lips touch: no mood opens the jaw there.
    blink : (T,) 1 where a blink shuts the eyes: no mood widens or narrows them there.
    speaking : (T,) 1 in speech, 0 in silence.
    """
    weights = _times(mix, _UNITS)
    roundness = np.clip(spoken[:, _ROUND].sum(axis=1), 0.0, 1.0)
    factor = np.ones_like(weights)
    factor[:, _MOUTH] *= (1 - (1 - _IN_SPEECH) * speaking)[:, None]
    factor[:, _SMILE] *= (1 - _SMILE_LOSS * roundness)[:, None]
    factor[:, _LIPS] *= (1 - _OTHER_LOSS * roundness)[:, None]
    factor[:, _OPEN_EYES] *= (1 - blink)[:, None]
    factor[:, _JAW] *= 1 - seal
    return np.asarray(weights * factor, np.float64)
