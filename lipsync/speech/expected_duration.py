"""Speaking time without pauses: expected of a text (by espeak-ng), and measured in a sound."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from lipsync.audio.silence import MIN_FRAME_LEVEL, SPEAKING_LEVEL, frame_levels
from lipsync.errors import LipsyncError
from lipsync.speech.engines.espeak import EspeakVoice

_FRAME_S = 0.01
_PAUSE_S = 0.15
"""Minimum seconds of a pause; shorter gaps, such as the closures of stops, belong to the speech."""


def speaking_seconds(samples: NDArray[np.float32], rate: int) -> float:
    """Seconds of speech in (n,) ``samples``, without the silence at the ends and without pauses."""
    width = max(1, round(_FRAME_S * rate))
    levels = frame_levels(samples.astype(np.float64), width)
    if len(levels) == 0:
        return 0.0
    loud = np.flatnonzero(levels > max(SPEAKING_LEVEL * float(np.percentile(levels, 99)), MIN_FRAME_LEVEL))
    if len(loud) == 0:
        return 0.0
    steps = np.diff(loud) * _FRAME_S
    return float(steps[steps <= _PAUSE_S].sum() + _FRAME_S * (1 + np.count_nonzero(steps > _PAUSE_S)))


@lru_cache(256)
def expected_seconds(text: str, language: str) -> float | None:
    """Seconds that espeak-ng needs to speak ``text``, without pauses; None if it cannot speak it.

    ``language`` is a code of LANGUAGES.
    """
    try:
        return sum(speaking_seconds(piece.samples, piece.rate) for piece in EspeakVoice().speak(text, language))
    except LipsyncError:
        return None
