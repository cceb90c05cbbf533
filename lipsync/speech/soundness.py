"""Whether what an engine gave can be the sound of that sentence."""

from __future__ import annotations

import re

import numpy as np

from lipsync.errors import LipsyncError
from lipsync.speech.reference import expected_seconds, speaking_seconds
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

_SPEAKING_FACTOR, _SPEAKING_ROOM_S = 1.6, 1.5
"""Most seconds of speaking, pauses not counted, for each second that espeak-ng needs, and besides.

Measured: hibari needs 0.51 to 1.0 times as long in 33 of 35 odd utterances (a word, letters, numbers, abbreviations,
interjections) and 1.19 and 1.6 times, which is 0.35 s more, in the other two; 0.68 to 0.86 times in 20 sentences.
Five people of the GRID corpus, in noisy recordings, need 0.85 to 1.46 times as long.
"""
_DRAWN_OUT = re.compile(r"(\w)\1{2,}", re.IGNORECASE)
_CAPITALS = re.compile(r"[^\W\d_]{2,}")
_DRAWN_OUT_S, _SPELLED_S = 0.4, 0.35
"""Most seconds more for each letter of “Aaaaah”, and for each of an abbreviation: espeak-ng may read it as a word."""


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


def most_speaking(text: str, language: str, speed: float = 1.0) -> float | None:
    """Seconds for which a voice may speak, pauses not counted, to say ``text``; None where that cannot be told."""
    expected = expected_seconds(text, language)
    if expected is None:
        return None
    drawn_out = sum(len(run[0]) for run in _DRAWN_OUT.finditer(text))
    spelled = sum(len(word) for word in _CAPITALS.findall(text) if word.isupper())
    room = _SPEAKING_ROOM_S + _DRAWN_OUT_S * drawn_out + _SPELLED_S * spelled
    return (_SPEAKING_FACTOR * expected + room) / min(speed, 1.0)


def check_speaking(speech: Speech, voice: str, language: str, speed: float = 1.0) -> None:
    """Raises LipsyncError voice_babbles when the voice goes on speaking after the text, as XTTS and Bark may.

    It finds babble that is longer than what :func:`most_speaking` allows beyond the text itself: about two seconds
    after a word.
    """
    most = most_speaking(speech.text, language, speed)
    speaking = speaking_seconds(speech.samples, speech.rate)
    if most is not None and speaking > most:
        expected = (expected_seconds(speech.text, language) or 0.0) / speed
        raise LipsyncError("voice_babbles", voice=voice, seconds=f"{speaking:.1f}", expected=f"{expected:.1f}")
