"""Phrases: what is spoken between two pauses."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from lipsync.animation.behavior.timeline import STEP
from lipsync.animation.sound_level import loudness
from lipsync.speech.types import Speech

_MIN_PAUSE = 0.13
"""Seconds of silence that part two phrases; a stop's closure is shorter."""
_MIN_SOUND = 0.05
"""Seconds below which a sound without known phones is a click."""
_QUIET = 0.12
"""Loudness below which a sound without known phones is a pause."""


@dataclass(frozen=True)
class Phrase:
    """Speech without a pause."""

    start: float
    """Seconds of the video."""
    end: float
    """Seconds of the video."""
    is_question: bool = False


def find_phrases(speech: Speech, begins: float) -> list[Phrase]:
    """The phrases of a piece that begins at ``begins`` (seconds of the video), by its phones or else by loudness."""
    phrases: list[Phrase] = []
    for start, end in _sounding_parts(speech):
        if phrases and begins + start - phrases[-1].end <= _MIN_PAUSE:
            phrases[-1] = replace(phrases[-1], end=begins + end)
        else:
            phrases.append(Phrase(begins + start, begins + end))
    if phrases and speech.text.rstrip(" \"'»”’)").endswith(("?", "?!", "？")):
        phrases[-1] = replace(phrases[-1], is_question=True)
    return phrases


def _sounding_parts(speech: Speech) -> Iterable[tuple[float, float]]:
    """Start and end, in seconds of the piece, of every phone or every loud part."""
    if speech.phones:
        return [(phone.start, phone.end) for phone in speech.phones if phone.symbol]
    times = np.arange(0.0, speech.duration, STEP)
    if not len(times):
        return []
    loud = loudness(speech.samples, speech.rate, times) > _QUIET
    edges = [0, *(np.flatnonzero(np.diff(loud)) + 1).tolist(), len(times)]
    spans = [(a * STEP, b * STEP) for a, b in itertools.pairwise(edges) if loud[a]]
    return [(start, end) for start, end in spans if end - start >= _MIN_SOUND]
