"""Phonemes of espeak-ng, without sound."""

import numpy as np
import pytest

from lipsync.speech.engines.espeak import EspeakVoice
from lipsync.text.phonemize import phonemize


@pytest.mark.parametrize(
    ("text", "voice", "phonemes"),
    [
        ("computer", "en-us", "kəmpjˈuːɾɚ"),
        ("Worcestershire", "en-us", "wˈʊstɚʃɚ"),
        ("мама", "ru", "mˈɑma"),
        ("One. Two.", "en-us", "wˌʌn tˈuː"),
        ("...", "en-us", ""),
    ],
)
def test_phonemes(text: str, voice: str, phonemes: str) -> None:
    assert phonemize(text, voice) == phonemes


def test_no_marks_of_a_language_switch() -> None:
    assert "(" not in phonemize("Привет, computer!", "ru")


def test_unknown_voice() -> None:
    with pytest.raises(ValueError, match="no voice"):
        phonemize("word", "no-such-voice")


def test_speech_does_not_depend_on_phonemes_asked_before() -> None:
    before = next(EspeakVoice().speak("Hello there.", "en"))
    phonemize("computer", "en-us")
    after = next(EspeakVoice().speak("Hello there.", "en"))
    assert np.array_equal(before.samples, after.samples)
