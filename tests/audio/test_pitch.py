from __future__ import annotations

import numpy as np
import pytest

from lipsync.audio.pitch import SEX_BOUNDARY_HZ, median_pitch
from lipsync.speech.engines.espeak import EspeakVoice


def tone(hertz: float, rate: int, seconds: float = 1.0) -> np.ndarray:
    """A voice-like tone: harmonics that fall by 6 dB an octave."""
    times = np.arange(int(seconds * rate)) / rate
    parts = [np.sin(2 * np.pi * hertz * k * times) / k for k in range(1, int(3500 / hertz))]
    return (0.2 * np.sum(parts, axis=0)).astype(np.float32)


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 24000, 44100, 48000])
@pytest.mark.parametrize("hertz", [80.0, 118.0, 165.0, 230.0, 330.0])
def test_a_tone_has_its_pitch(hertz: float, rate: int) -> None:
    assert median_pitch(tone(hertz, rate), rate) == pytest.approx(hertz, rel=0.06)


def test_silence_noise_and_nothing_have_none() -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, 16000).astype(np.float32)
    for samples in (noise, np.zeros(16000, np.float32), np.zeros(0, np.float32), tone(200, 16000)[:100]):
        assert median_pitch(samples, 16000) is None


@pytest.mark.parametrize("language", ["en", "ru"])
def test_male_and_female_voices_are_distinguished(language: str) -> None:
    text = {"en": "Good morning, my name is Anna.", "ru": "Доброе утро, меня зовут Анна."}[language]
    for voice, high in (("espeak-male", False), ("espeak-female", True)):
        (speech,) = EspeakVoice().speak(text, language, voice)
        pitch = median_pitch(speech.samples, speech.rate)
        assert pitch is not None
        assert (pitch > SEX_BOUNDARY_HZ) is high
