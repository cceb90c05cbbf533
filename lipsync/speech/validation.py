"""Validation of synthesized sound: whether it can be the given sentence."""

from __future__ import annotations

import re

import numpy as np

from lipsync.audio.silence import MIN_SPEECH_PEAK
from lipsync.messages import Message
from lipsync.speech.errors import SpeechFailedError
from lipsync.speech.expected_duration import expected_seconds, speaking_seconds
from lipsync.speech.types import Speech

RATES = (8_000, 192_000)
"""Minimum and maximum sample rate in Hz."""
_MAX_PEAK = 8.0
"""A peak above this is not sound in [-1, 1]. Peaks slightly above 1 occur and are attenuated later."""
_MAX_S_PER_CHARACTER, _MAX_EXTRA_S = 0.6, 5.0
"""Maximum seconds per character and in addition: each digit of a long number takes about ten phones."""
_MIN_S_PER_LETTER = 0.015
"""Minimum seconds per letter: a quarter of what a fast speaker needs."""

_MAX_SPEAKING_FACTOR, _MAX_SPEAKING_EXTRA_S = 1.6, 1.5
"""Maximum speaking time without pauses, per second that espeak-ng needs and in addition.

Measured: hibari needs 0.51 to 1.0 times as long in 33 of 35 odd utterances (a word, letters, numbers, abbreviations,
interjections) and 1.19 and 1.6 times, which is 0.35 s more, in the other two; 0.68 to 0.86 times in 20 sentences.
Five people of the GRID corpus, in noisy recordings, need 0.85 to 1.46 times as long.
"""
_DRAWN_OUT = re.compile(r"(\w)\1{2,}", re.IGNORECASE)
_CAPITALS = re.compile(r"[^\W\d_]{2,}")
_MAX_DRAWN_OUT_S, _MAX_SPELLED_S = 0.4, 0.35
"""Additional maximum seconds per letter of “Aaaaah”, and of an abbreviation, which espeak-ng may read as a word."""


def max_duration(text: str, speed: float) -> float:
    """Maximum seconds of sound for ``text``."""
    return (_MAX_EXTRA_S + _MAX_S_PER_CHARACTER * len(text)) / min(speed, 1.0)


def check_rate(speech: Speech, voice: str) -> None:
    """Raise SpeechFailedError if the sample rate is not in RATES."""
    if not RATES[0] <= speech.rate <= RATES[1]:
        what = Message("sound.rate", rate=speech.rate)
        raise SpeechFailedError("voice_broken", voice=voice, what=what)


def check_sound(speech: Speech, voice: str, speed: float = 1.0) -> None:
    """Raise SpeechFailedError if the sound is silent, malformed, or impossibly short or long for its text."""
    if speech.samples.ndim != 1 or speech.samples.dtype != np.float32:
        what = Message("sound.not_one_row")
        raise SpeechFailedError("voice_broken", voice=voice, what=what)
    if not np.isfinite(speech.samples).all():
        raise SpeechFailedError("voice_broken", voice=voice, what=Message("sound.not_finite"))
    peak = float(np.abs(speech.samples).max(initial=0.0))
    if peak < MIN_SPEECH_PEAK:
        raise SpeechFailedError("voice_silent", voice=voice)
    if peak > _MAX_PEAK:
        raise SpeechFailedError("voice_broken", voice=voice, what=Message("sound.too_loud"))
    letters = sum(character.isalpha() for character in speech.text)
    if not _MIN_S_PER_LETTER * letters / max(speed, 1.0) <= speech.duration <= max_duration(speech.text, speed):
        raise SpeechFailedError(
            "voice_length", voice=voice, seconds=f"{speech.duration:.1f}", characters=len(speech.text)
        )


def max_speaking(text: str, language: str, speed: float = 1.0) -> float | None:
    """Maximum seconds of speaking, without pauses, for ``text``; None if espeak-ng cannot speak it."""
    expected = expected_seconds(text, language)
    if expected is None:
        return None
    drawn_out = sum(len(run[0]) for run in _DRAWN_OUT.finditer(text))
    spelled = sum(len(word) for word in _CAPITALS.findall(text) if word.isupper())
    room = _MAX_SPEAKING_EXTRA_S + _MAX_DRAWN_OUT_S * drawn_out + _MAX_SPELLED_S * spelled
    return (_MAX_SPEAKING_FACTOR * expected + room) / min(speed, 1.0)


def check_speaking(speech: Speech, voice: str, language: str, speed: float = 1.0) -> None:
    """Raise SpeechFailedError if the voice goes on speaking after the text, as XTTS and Bark may.

    Detects babble that exceeds :func:`max_speaking`: about two seconds after a single word.
    """
    limit = max_speaking(speech.text, language, speed)
    speaking = speaking_seconds(speech.samples, speech.rate)
    if limit is not None and speaking > limit:
        expected = (expected_seconds(speech.text, language) or 0.0) / speed
        raise SpeechFailedError("voice_babbles", voice=voice, seconds=f"{speaking:.1f}", expected=f"{expected:.1f}")
