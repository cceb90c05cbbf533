from __future__ import annotations

import threading
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from itertools import islice, pairwise

import numpy as np
import pytest

from lipsync.errors import LipsyncError
from lipsync.speech.engines.espeak import LEAD, RATE, TAIL, EspeakVoice
from lipsync.speech.types import Speech
from lipsync.text.languages import LANGUAGES
from tests.speech.samples import SAMPLES

VOICE = EspeakVoice()


def speak(text: str, language: str = "ru", voice: str | None = None) -> list[Speech]:
    pieces = list(VOICE.speak(text, language, voice))
    assert pieces
    return pieces


def level(samples: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(samples)))) if len(samples) else 0.0


@pytest.mark.parametrize("voice", ["espeak-male", "espeak-female"])
@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.code)
def test_each_language_is_spoken_by_each_voice(language, voice: str) -> None:
    pieces = speak(SAMPLES[language.code], language.code, voice)
    for speech in pieces:
        assert (speech.rate, speech.language, speech.voice) == (RATE, language.code, voice)
        assert speech.samples.dtype == np.float32
        assert 0.2 < np.abs(speech.samples).max() <= 0.85
        assert sum(1 for phone in speech.phones if phone.symbol) >= 3
        assert [phone.start for phone in speech.phones[1:]] == [phone.end for phone in speech.phones[:-1]]
        assert all(phone.end > phone.start for phone in speech.phones)
        assert speech.phones[0].start == 0
        assert speech.phones[-1].end == pytest.approx(speech.duration)
        assert all(before.symbol or after.symbol for before, after in pairwise(speech.phones)), "silences are joined"


def test_a_name_speaks_as_its_code_does() -> None:
    assert np.array_equal(speak("Сәлем!", "Казахский")[0].samples, speak("Сәлем!", "kk")[0].samples)
    assert not np.array_equal(speak("Сәлем!", "ru")[0].samples, speak("Сәлем!", "kk")[0].samples)


def test_silence_stands_at_both_ends_and_between() -> None:
    first, middle, last = speak("Мама мыла раму. Папа пел. Бабушка ушла.")
    assert first.text == "Мама мыла раму."
    assert first.phones[0].end == pytest.approx(LEAD, abs=0.06)
    assert last.phones[-1].end - last.phones[-1].start == pytest.approx(TAIL, abs=0.06)
    for before, after in ((first, middle), (middle, last)):
        pause = before.phones[-1].end - before.phones[-1].start + after.phones[0].end
        assert 0.3 < pause < 0.6


def test_pieces_join_without_a_click() -> None:
    for voice in ("espeak-male", "espeak-female"):
        for speech in speak("А я ем. Аня, я иду! Щас.", voice=voice):
            lead = round(speech.phones[0].end * RATE)
            assert not speech.samples[: lead - round(0.06 * RATE)].any()
            assert not speech.samples[-round(0.2 * RATE) :].any()
            sound = np.flatnonzero(speech.samples)
            assert abs(speech.samples[sound[0]]) < 0.01
            assert abs(speech.samples[sound[-1]]) < 0.01


def test_hissing_is_where_an_s_is() -> None:
    """Energy above 4 kHz lies in s, sh and the like; it does not when the phones are moved by 0.1 s."""
    hissing = ("s", "ʃ", "ɕ", "ʂ", "tʃ", "ts")

    def share(speech: Speech, shift: float) -> tuple[float, float]:
        inside, outside = [], []
        for phone in speech.phones:
            part = speech.samples[int((phone.start + shift) * RATE) : int((phone.end + shift) * RATE)]
            if phone.end - phone.start < 0.04 or not phone.symbol:
                continue
            spectrum = np.abs(np.fft.rfft(part)) ** 2
            high = spectrum[int(len(spectrum) * 4000 / (RATE / 2)) :].sum() / max(spectrum.sum(), 1e-9)
            (inside if phone.symbol.startswith(hissing) else outside).append(high)
        return float(np.mean(inside)), float(np.mean(outside))

    for text, language in (("Саша сушит сушки, Соня пишет письма", "ru"), ("She sells sea shells, Susie says", "en")):
        (speech,) = speak(text, language)
        inside, outside = share(speech, 0.0)
        assert inside > 5 * outside
        moved, _ = share(speech, 0.1)
        assert moved < 0.6 * inside


@pytest.mark.parametrize("voice", ["espeak-male", "espeak-female"])
def test_a_voiceless_stop_begins_with_its_closure(voice: str) -> None:
    (speech,) = speak("Папа копает, тётя топает, а Катя пакует пакеты", "ru", voice)
    loud = level(speech.samples[np.abs(speech.samples) > 0.02])
    stops = [
        (before, phone)
        for before, phone in pairwise(speech.phones)
        if phone.symbol in ("p", "t", "k") and before.symbol[-1:] in set("aɑoueiɪʌy")
    ]
    assert len(stops) >= 8
    for before, stop in stops:
        closure = speech.samples[int(stop.start * RATE) : int((stop.start + 0.02) * RATE)]
        vowel = speech.samples[int(before.start * RATE) : int(before.end * RATE)]
        assert level(closure) < 0.1 * loud, stop
        assert level(vowel) > 0.15 * loud, before


def test_a_nasal_ends_where_its_vowel_is_heard() -> None:
    """espeak-ng counts the start of the vowel in the consonant before it; the phones do not."""
    (speech,) = speak("Мама мыла Надю, Нина, Лена, Миша, мало, мыло")
    vowels = set("aɑoueiɪʌy")
    pairs = [(m, v) for m, v in pairwise(speech.phones) if m.symbol == "m" and v.symbol[-1:] in vowels]
    assert len(pairs) >= 4
    for consonant, vowel in pairs:
        end = round(consonant.end * RATE)
        murmur = speech.samples[round(consonant.start * RATE) + 300 : end - 200]
        start_of_vowel = speech.samples[end + 100 : end + 500]
        assert level(start_of_vowel) > 1.3 * level(murmur), (consonant, vowel)


def test_output_does_not_depend_on_earlier_requests() -> None:
    text = "Шесть мышат в камышах шуршат. Привет, мама!"
    for voice in ("espeak-male", "espeak-female"):
        alone = speak(text, voice=voice)
        for other in ("Hello there, my friend.", "How do you do?"):
            speak(other, "en", "espeak-female")
            again = speak(text, voice=voice)
            assert [s.phones for s in again] == [s.phones for s in alone]
            assert all(np.array_equal(a.samples, b.samples) for a, b in zip(again, alone, strict=True))


@pytest.mark.slow
def test_sixteen_threads_get_the_same_output_as_one() -> None:
    codes = [language.code for language in LANGUAGES]
    requests = [
        (SAMPLES[codes[i % len(codes)]], codes[i % len(codes)], ("espeak-male", "espeak-female")[i % 2])
        for i in range(16)
    ]
    alone = [speak(*request) for request in requests]
    barrier = threading.Barrier(16)

    def together(request: tuple[str, str, str]) -> list[Speech]:
        barrier.wait()
        return speak(*request)

    with ThreadPoolExecutor(16) as pool:
        for got, expected in zip(pool.map(together, requests), alone, strict=True):
            assert [s.phones for s in got] == [s.phones for s in expected]
            assert [s.samples.tobytes() for s in got] == [s.samples.tobytes() for s in expected]


@pytest.mark.slow
def test_memory_does_not_grow_with_the_text() -> None:
    def peak(count: int) -> int:
        tracemalloc.start()
        try:
            spoken = sum(1 for _ in VOICE.speak("Мама мыла раму, а папа пел. " * count, "ru"))
            assert spoken == count
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(2)
    assert peak(150) < peak(10) + 300_000


def test_the_first_piece_does_not_wait_for_the_text() -> None:
    pieces = VOICE.speak("Раз два три. " * 1000, "ru")
    assert [speech.text for speech in islice(pieces, 2)] == ["Раз два три."] * 2


def test_unspeakable_text_is_skipped_or_raises() -> None:
    assert [speech.text for speech in speak("Да. ⠀? Нет.")] == ["Да.", "Нет."]
    with pytest.raises(LipsyncError) as caught:
        speak("?!")
    assert caught.value.code == "nothing_to_say"


@pytest.mark.parametrize(
    ("language", "voice", "code"),
    [("xx", None, "unknown_language"), ("ru", "levitan", "unknown_voice"), ("ru", "../f3", "unknown_voice")],
)
def test_errors_come_before_the_first_piece(language: str, voice: str | None, code: str) -> None:
    with pytest.raises(LipsyncError) as caught:
        VOICE.speak("Привет", language, voice)
    assert caught.value.code == code


def test_voices_are_listed_with_their_languages() -> None:
    voices = VOICE.voices()
    assert [voice.name for voice in voices] == ["espeak-male", "espeak-female"]
    assert all(
        {"ru", "en", "uk", "kk"} <= set(voice.languages) and voice.labels.keys() >= {"ru", "en"} for voice in voices
    )


def test_the_speed_is_that_of_a_calm_speaker() -> None:
    english = (
        "Speech is the most natural way for people to talk with each other. When a computer speaks, we expect it \
to be clear, and its face to move with the words. Today I want to show you how this works."
    )
    russian = "Речь — самый естественный способ общения. Когда говорит компьютер, мы ждём, что голос будет ясным, а \
лицо будет двигаться вместе со словами. Сегодня я хочу показать вам, как это работает."
    for text, language in ((english, "en"), (russian, "ru")):
        seconds = sum(speech.duration for speech in speak(text, language)) - LEAD - TAIL
        assert 125 < len(text.split()) / seconds * 60 < 185
