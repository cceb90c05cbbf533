"""A voice that goes on after the text is noticed; one that takes its time is not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from lipsync.errors import LipsyncError
from lipsync.speech.engines.espeak import RATE, EspeakVoice
from lipsync.speech.engines.hibari import HEART, HibariVoice
from lipsync.speech.expected_duration import expected_seconds, speaking_seconds
from lipsync.speech.types import PLAIN, Speech, Style
from lipsync.speech.validation import check_sound, check_speaking, max_speaking

BABBLE = {
    "ru": "буба вана тити рома лаза кему сода фыва тура мева",
    "en": "booba wanna titty roma lazza kemoo soda tura meva",
}

SHORT = [
    *(
        ("ru", text)
        for text in ("Да.", "Нет!", "Привет.", "Хм.", "5", "Ну...", "Ещё раз.", "США.", "Спасибо, до свидания.")
    ),
    *(
        ("en", text)
        for text in (
            "Hi.",
            "No!",
            "Hello there.",
            "Hmm.",
            "7",
            "Well...",
            "Once more.",
            "USA.",
            "Thank you, goodbye.",
        )
    ),
]
TRUE = [
    *SHORT,
    *(
        ("ru", text)
        for text in ("Ааааа!", "Ура-а-а!", "МГИМО.", "ЧПК и ВДНХ.", "1234567890", "Тысяча девятьсот сорок пятый год.")
    ),
    *(
        ("ru", text)
        for text in ("Т. е. и т. д.", "Мама мыла раму, а папа пел песню.", "Ш-ш-ш!", "А?", "ООН, НАТО, ЕС, СНГ, РФ.")
    ),
    *(
        ("en", text)
        for text in ("Nooooooo!", "NASA, IBM and the BBC.", "1234567890", "e.g. this, i.e. that, etc.", "XYZZY")
    ),
    *(
        ("en", text)
        for text in ("Psst!", "Shhh!", "Ha ha ha!", "TCP/IP", "The quick brown fox jumps over the lazy dog.", "I?")
    ),
    *(("de", text) for text in ("Ja.", "Donaudampfschifffahrtsgesellschaft.")),
    *(("kk", text) for text in ("Иә.", "Сәлеметсіз бе!")),
    ("uk", "Ні."),
    ("ka", "დიახ."),
]


def said(text: str, language: str, style: Style = PLAIN, voice: str = "espeak-female") -> Speech:
    pieces = list(EspeakVoice().speak(text, language, voice, style))
    return Speech(np.concatenate([one.samples for one in pieces]), RATE, text=text, language=language)


def followed_by(speech: Speech, more: NDArray[np.float32]) -> Speech:
    return replace(speech, samples=np.concatenate([speech.samples, more]))


def babble(language: str, seconds: float) -> NDArray[np.float32]:
    whole = said(BABBLE[language], language).samples
    sound = whole[np.flatnonzero(np.abs(whole) > 0.01)[0] :]
    return np.resize(sound, round(seconds * RATE))


@pytest.mark.parametrize(("language", "text"), SHORT)
@pytest.mark.parametrize("pause", [0.0, 0.7])
def test_four_seconds_of_babble_after_a_short_text(language: str, text: str, pause: float) -> None:
    speech = followed_by(said(text, language), np.zeros(round(pause * RATE), np.float32))
    check_speaking(speech, "voice", language)
    with pytest.raises(LipsyncError) as caught:
        check_speaking(followed_by(speech, babble(language, 4.0)), "voice", language)
    assert caught.value.code == "voice_babbles"
    assert float(str(caught.value.facts["seconds"])) > 3.5
    assert float(str(caught.value.facts["expected"])) < 2.5


@pytest.mark.parametrize(("language", "text"), TRUE)
@pytest.mark.parametrize("pace", [1.0, 0.7])  # 0.7: a person who takes 1.4 times as long
def test_true_speech_is_not_refused(language: str, text: str, pace: float) -> None:
    check_speaking(said(text, language, Style(speed=pace)), "voice", language)


@pytest.mark.slow
@pytest.mark.parametrize(("language", "text"), TRUE)
@pytest.mark.parametrize("speed", [0.25, 0.5, 2.0, 4.0])
def test_a_voice_that_has_a_speed_of_its_own(language: str, text: str, speed: float) -> None:
    speech = said(text, language, Style(speed=speed))
    check_speaking(speech, "voice", language, speed)
    if speed < 1:
        with pytest.raises(LipsyncError):
            check_speaking(followed_by(speech, babble("ru", 60.0)), "voice", language, speed)


@pytest.mark.parametrize("text", ["Aaaaaaah!", "Нееееет!"])
def test_a_cry_may_last_three_seconds(text: str) -> None:
    language = "en" if text.isascii() else "ru"
    time = np.arange(3 * RATE) / RATE
    cry = (0.3 * np.sin(2 * np.pi * 200 * time) + 0.1 * np.sin(2 * np.pi * 800 * time)).astype(np.float32)
    check_speaking(Speech(cry, RATE, text=text, language=language), "voice", language)


def test_long_pauses_are_not_babble() -> None:
    silence = np.zeros(4 * RATE, np.float32)
    parts = [part for word in ("Раз.", "Два.", "Три.") for part in (said(word, "ru").samples, silence)]
    speech = Speech(np.concatenate(parts), RATE, text="Раз... два... три...", language="ru")
    assert speech.duration > 12
    check_speaking(speech, "voice", "ru")


def test_room_noise_is_not_babble() -> None:
    """Noise 32 dB below the voice, for five seconds around a word."""
    speech = said("Привет.", "ru")
    whole = np.pad(speech.samples, (2 * RATE, 3 * RATE))
    loud = np.sqrt(np.mean(np.square(speech.samples[np.abs(speech.samples) > 0.05])))
    noise = np.random.default_rng(0).normal(0, loud * 10 ** (-32 / 20), len(whole))
    check_speaking(replace(speech, samples=(whole + noise).astype(np.float32)), "voice", "ru")


@pytest.fixture(scope="module")
def hibari() -> HibariVoice:
    return HibariVoice({HEART: None})


@pytest.mark.slow
@pytest.mark.parametrize("text", [text for language, text in TRUE if language == "en"])
def test_a_neural_voice_is_within_the_bounds(hibari: HibariVoice, text: str) -> None:
    samples = np.concatenate([one.samples for one in hibari.speak(text, "en")])
    speech = Speech(samples, 24_000, text=text, language="en")
    check_sound(speech, HEART)
    check_speaking(speech, HEART, "en")


def test_how_long_somebody_speaks() -> None:
    word = np.full(RATE, 0.5, np.float32)
    pause = np.zeros(RATE, np.float32)
    closure = np.zeros(RATE // 10, np.float32)
    assert speaking_seconds(word, RATE) == pytest.approx(1.0, abs=0.02)
    assert speaking_seconds(np.concatenate([pause, word, pause, word, pause]), RATE) == pytest.approx(2.0, abs=0.04)
    assert speaking_seconds(np.concatenate([word, closure, word]), RATE) == pytest.approx(2.1, abs=0.04)
    assert speaking_seconds(pause, RATE) == speaking_seconds(pause[:0], RATE) == speaking_seconds(word[:5], RATE) == 0


def test_text_that_espeak_cannot_speak_is_not_checked() -> None:
    assert expected_seconds("?!", "ru") is None
    assert max_speaking("?!", "ru") is None
    check_speaking(Speech(np.full(60 * RATE, 0.3, np.float32), RATE, text="?!"), "voice", "ru")
