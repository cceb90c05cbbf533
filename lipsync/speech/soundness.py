"""Whether what an engine gave can be the sound of that sentence."""

from __future__ import annotations

import numpy as np

from lipsync.errors import LipsyncError
from lipsync.speech.types import Speech

RATES = (8_000, 192_000)
"""Least and most samples a second."""
_SILENT = 0.003
"""A peak below this (-50 dB) is silence."""
_LOUDEST = 8.0
"""A peak above this is no sound in [-1, 1]; a little above 1 happens, and is turned down later."""
_SLOWEST, _ROOM = 0.6, 5.0
"""Seconds for each character, and besides: a long number has ten sounds to a digit."""
_FASTEST = 0.015
"""Seconds for each letter: four times what a hasty person needs."""


def longest(text: str, speed: float) -> float:
    """Seconds that ``text`` may last."""
    return (_ROOM + _SLOWEST * len(text)) / min(speed, 1.0)


def check_rate(speech: Speech, voice: str) -> None:
    """Raises LipsyncError voice_broken when the rate is none that sound has."""
    if not RATES[0] <= speech.rate <= RATES[1]:
        what = {"en": f"{speech.rate} samples a second", "ru": f"{speech.rate} отсчётов в секунду"}
        raise LipsyncError("voice_broken", voice=voice, what=what)


def check_sound(speech: Speech, voice: str, speed: float = 1.0) -> None:
    """Raises LipsyncError voice_silent, voice_broken or voice_length."""
    if speech.samples.ndim != 1 or speech.samples.dtype != np.float32:
        what = {"en": "not one row of samples", "ru": "это не один ряд отсчётов"}
        raise LipsyncError("voice_broken", voice=voice, what=what)
    if not np.isfinite(speech.samples).all():
        raise LipsyncError(
            "voice_broken", voice=voice, what={"en": "values that are no numbers", "ru": "в нём не числа"}
        )
    peak = float(np.abs(speech.samples).max(initial=0.0))
    if peak < _SILENT:
        raise LipsyncError("voice_silent", voice=voice)
    if peak > _LOUDEST:
        raise LipsyncError("voice_broken", voice=voice, what={"en": "far too loud", "ru": "он слишком громкий"})
    letters = sum(character.isalpha() for character in speech.text)
    if not _FASTEST * letters / max(speed, 1.0) <= speech.duration <= longest(speech.text, speed):
        raise LipsyncError("voice_length", voice=voice, seconds=f"{speech.duration:.1f}", characters=len(speech.text))
