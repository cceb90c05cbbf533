from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from lipsync.speech.alignment.align import align_phones, find_voiced_range
from lipsync.speech.engines.espeak import EspeakVoice
from lipsync.speech.types import Phone, Speech, Style

pytestmark = pytest.mark.slow

TEXTS = {
    "ru": (
        "Бабушка купила на рынке большой арбуз и спелые помидоры.",
        "Любимый пёс бежал впереди, а за ним прыгал маленький мальчик.",
        "Петя подарил Маше букет полевых цветов.",
    ),
    "en": (
        "My mother bought a big map of Brazil at the market.",
        "Bob and Pam built a small boat, and painted it blue.",
        "Maybe the best option is to simply remove the broken pump.",
    ),
}


def spoken(text: str, language: str, voice: str = "espeak-male", style: Style | None = None) -> Speech:
    (speech,) = EspeakVoice().speak(text, language, voice, style or Style())
    return speech


def unknown(speech: Speech) -> Speech:
    return replace(speech, phones=(), words=())


def like_another_voice(speech: Speech) -> Speech:
    """The sound as of a smaller head, in a room, through a cheap microphone; every time becomes 1/1.12 of it."""
    rng = np.random.default_rng(0)
    echo = rng.normal(size=int(0.06 * speech.rate)) * np.exp(
        -np.arange(int(0.06 * speech.rate)) / 0.012 / speech.rate
    )
    sound = np.convolve(speech.samples, np.concatenate([[1.0], 0.25 * echo / np.linalg.norm(echo)]))
    sound = np.convolve(sound, [0.6, 0.4])[: len(speech.samples)]
    sound += rng.normal(0, 0.001, len(sound))
    return Speech(sound.astype(np.float32), round(speech.rate * 1.12), text=speech.text, language=speech.language)


def lips(phones: tuple[Phone, ...]) -> Iterator[tuple[str, float]]:
    """Each p, b and m, and the middle of its closure."""
    for phone in phones:
        if phone.symbol.startswith(("p", "b", "m")):
            closed = 1.0 if phone.symbol.startswith("m") else 0.7
            yield phone.symbol[0], phone.start + closed * (phone.end - phone.start) / 2


def errors(found: Speech, true: Speech, factor: float = 1.0) -> list[float]:
    ours, theirs = list(lips(found.phones)), list(lips(true.phones))
    assert [sound for sound, _ in ours] == [sound for sound, _ in theirs]
    return [abs(a - b * factor) for (_, a), (_, b) in zip(ours, theirs, strict=True)]


@pytest.mark.parametrize("language", TEXTS)
def test_a_changed_voice_is_followed(language: str) -> None:
    """Slower or faster, higher, of a smaller head, in a room with noise: a first hurdle; bench.align has others."""
    off: list[float] = []
    for text, voice, style in zip(
        TEXTS[language],
        ("espeak-male", "espeak-female", "espeak-female"),
        (Style(speed=1.3, pitch=2.0), Style(speed=0.8), Style(speed=1.1, pitch=-1.0)),
        strict=True,
    ):
        true = spoken(text, language, voice, style)
        off += errors(align_phones(like_another_voice(true), language), true, factor=1 / 1.12)
    assert np.median(off) < 0.015
    assert np.percentile(off, 90) < 0.035


def test_phones_and_words_cover_the_speech_in_order() -> None:
    for language, texts in TEXTS.items():
        true = spoken(texts[0], language)
        found = align_phones(unknown(true), language)
        assert found.samples is true.samples
        assert found.phones[0].start == 0
        assert found.phones[-1].end == pytest.approx(found.duration)
        assert all(before.end == after.start for before, after in pairwise(found.phones))
        assert all(phone.end > phone.start for phone in found.phones)
        assert [one.symbol for one in found.phones if one.symbol] == [one.symbol for one in true.phones if one.symbol]
        assert [word.text for word in found.words] == [word.text for word in true.words]
        for ours, theirs in zip(found.words, true.words, strict=True):
            assert abs(ours.start - theirs.start) < 0.08
            assert ours.end > ours.start


def test_words_of_the_engine_are_kept() -> None:
    true = spoken(TEXTS["en"][0], "en")
    assert align_phones(replace(true, phones=()), "en").words == true.words


def test_a_pause_that_the_speaker_makes_is_a_pause() -> None:
    true = spoken(TEXTS["ru"][0], "ru")
    place = next(word.end for word in true.words[2:])
    cut = round(place * true.rate)
    quiet = np.zeros(round(0.5 * true.rate), np.float32)
    slow = replace(unknown(true), samples=np.concatenate([true.samples[:cut], quiet, true.samples[cut:]]))
    found = align_phones(slow, "ru")
    middle = place + 0.25
    around = next(phone for phone in found.phones if phone.start <= middle < phone.end)
    assert around.symbol == ""
    assert around.end - around.start > 0.4
    later = [middle for _, middle in lips(true.phones) if middle > place]
    for (_, ours), theirs in zip(list(lips(found.phones))[-len(later) :], later, strict=True):
        assert abs(ours - theirs - 0.5) < 0.04


def test_several_sentences_are_one_piece() -> None:
    pieces = list(EspeakVoice().speak("Мама мыла раму. Папа пел. Бабушка ушла.", "ru"))
    whole = Speech(
        np.concatenate([one.samples for one in pieces]), pieces[0].rate, text=" ".join(p.text for p in pieces)
    )
    found = align_phones(whole, "ru")
    start, true = 0.0, []
    for one in pieces:
        true += [(sound, middle + start) for sound, middle in lips(one.phones)]
        start += one.duration
    assert all(abs(a - b) < 0.03 for (_, a), (_, b) in zip(lips(found.phones), true, strict=True))


@pytest.mark.parametrize("rate", [8000, 48000])
def test_any_rate_will_do(rate: int) -> None:
    true = spoken(TEXTS["en"][1], "en", "espeak-female")
    times = np.arange(int(true.duration * rate)) / rate
    samples = np.interp(times, np.arange(len(true.samples)) / true.rate, true.samples).astype(np.float32)
    off = errors(align_phones(Speech(samples, rate, text=true.text), "en"), true)
    assert np.median(off) < 0.02


@pytest.mark.parametrize("text", ["", "…", "Привет"])
@pytest.mark.parametrize("count", [0, 5, 20_000])
def test_silence_comes_back_as_it_was(text: str, count: int) -> None:
    speech = Speech(np.zeros(count, np.float32), 22050, text=text)
    assert align_phones(speech, "ru") is speech


def test_a_sound_that_is_far_too_short_for_its_text_still_gets_phones() -> None:
    true = spoken(TEXTS["ru"][0], "ru")
    loud = true.samples[round(0.5 * true.rate) :][: round(0.2 * true.rate)]
    found = align_phones(Speech(loud, true.rate, text=true.text), "ru")
    assert found.phones[0].start == 0
    assert found.phones[-1].end == pytest.approx(found.duration)
    assert all(before.end == after.start for before, after in pairwise(found.phones))
    assert all(phone.end >= phone.start for phone in found.phones)


def test_the_sound_is_found_between_silences() -> None:
    samples = np.zeros(16000, np.float32)
    samples[5000:9000] = 0.3 * np.sin(np.arange(4000))
    found = find_voiced_range(samples, 16000)
    assert found is not None
    assert abs(found[0] - (5000 - 800)) <= 160
    assert abs(found[1] - (9000 + 800)) <= 160
    assert find_voiced_range(samples[:4000], 16000) is None
