"""How long a text takes to say, by espeak-ng, and for how long somebody speaks in a sound."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from lipsync.errors import LipsyncError
from lipsync.speech.espeak import EspeakVoice

_FRAME_S = 0.01
_SPEAKING = 0.05
"""Level, of the 99th percentile (-26 dB), above which somebody speaks: the noise of a room lies below."""
_PAUSE_S = 0.15
"""A longer gap is a pause, a shorter one belongs to the speech: the closure of a stop."""


def speaking_seconds(samples: NDArray[np.float32], rate: int) -> float:
    """Seconds of (n,) ``samples`` in which somebody speaks: without silence at the ends and without pauses."""
    width = max(1, round(_FRAME_S * rate))
    frames = samples[: len(samples) // width * width].reshape(-1, width)
    if len(frames) == 0:
        return 0.0
    levels = np.sqrt(np.square(frames, dtype=np.float64).mean(axis=1))
    loud = np.flatnonzero(levels > max(_SPEAKING * float(np.percentile(levels, 99)), 1e-5))
    if len(loud) == 0:
        return 0.0
    steps = np.diff(loud) * _FRAME_S
    return float(steps[steps <= _PAUSE_S].sum() + _FRAME_S * (1 + np.count_nonzero(steps > _PAUSE_S)))


@lru_cache(256)
def expected_seconds(text: str, language: str) -> float | None:
    """Seconds of speaking, without pauses, that espeak-ng needs for ``text``; None where it cannot say it.

    ``language`` is a code of LANGUAGES.
    """
    try:
        return sum(speaking_seconds(one.samples, one.rate) for one in EspeakVoice().speak(text, language))
    except LipsyncError:
        return None
