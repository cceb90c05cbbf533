"""Recordings as a person would give them of their voice, made by espeak-ng."""

from __future__ import annotations

import io
import wave
from functools import cache

import numpy as np
from numpy.typing import NDArray

from lipsync.speech.engines.espeak import EspeakVoice

RATE = 22050
TEXT = (
    "The north wind and the sun were arguing who was stronger. A traveller came along, wrapped in a warm cloak. "
    "They agreed on a bet. "
)


@cache
def spoken(voice: str = "espeak-male", times: int = 1) -> NDArray[np.float32]:
    """About ten seconds for each of ``times``."""
    return np.concatenate([piece.samples for piece in EspeakVoice().speak(TEXT * times, "en", voice)])


def wav(samples: NDArray[np.float32], rate: int = RATE) -> bytes:
    """A WAV file of 16 bits."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", ""))
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return out.getvalue()
