"""Speech and other sounds at the rate of recognition."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from lipsync.audio.resample import Resampler
from lipsync.hearing.types import RATE
from lipsync.speech.engines.espeak import EspeakVoice

Sound = NDArray[np.float32]


@cache
def spoken(text: str = "Good evening to everybody, and welcome to this house.") -> Sound:
    """English by espeak-ng, about 3 s; not to be changed."""
    resampler = Resampler(22_050, RATE)
    pieces = [resampler.add(piece.samples) for piece in EspeakVoice().speak(text, "en")]
    sound = np.concatenate([*pieces, resampler.finish()])
    sound.flags.writeable = False
    return sound


def silence(seconds: float) -> Sound:
    return np.zeros(round(seconds * RATE), np.float32)


def noise(seconds: float, level: float = 0.1) -> Sound:
    """White noise."""
    return np.random.default_rng(1).normal(0, level, round(seconds * RATE)).astype(np.float32)


def tones(seconds: float) -> Sound:
    """Three tones of a chord."""
    times = np.arange(round(seconds * RATE)) / RATE
    return sum(0.2 * np.sin(2 * np.pi * hertz * times) for hertz in (262, 330, 392)).astype(np.float32)  # type: ignore[union-attr]
