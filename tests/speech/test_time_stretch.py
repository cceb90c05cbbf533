"""Tempo and pitch of a sound, and the times that move with them."""

from __future__ import annotations

import numpy as np
import pytest

from lipsync.speech.engines.espeak import RATE, EspeakVoice
from lipsync.speech.time_stretch import time_stretch
from lipsync.speech.trim_silence import LEAD, scale_pauses, set_edges
from lipsync.speech.types import Phone, Speech


def said(text: str = "Баба пила чай, папа мыл попугая, мама ела.", voice: str = "espeak-female") -> Speech:
    (speech,) = EspeakVoice().speak(text, "ru", voice)
    return speech


def level(speech: Speech, start: float, end: float) -> float:
    part = speech.samples[round(start * speech.rate) : max(round(start * speech.rate) + 1, round(end * speech.rate))]
    return float(np.sqrt(np.mean(np.square(part))))


def pitch(speech: Speech) -> float:
    """Hz: median of the autocorrelation's peak in loud frames."""
    size, found = round(0.05 * speech.rate), []
    for start in range(0, len(speech.samples) - size, size // 2):
        part = speech.samples[start : start + size]
        if part.std() > 0.05:
            curve = np.correlate(part, part, "full")[size - 1 :]
            least = speech.rate // 600
            lag = least + int(np.argmax(curve[least : speech.rate // 60]))
            found.append(speech.rate / lag)
    return float(np.median(found))


@pytest.mark.parametrize("speed", [0.25, 0.5, 0.8, 1.25, 2.0, 4.0])
def test_tempo(speed: float) -> None:
    speech = said()
    other = time_stretch(speech, speed, 0.0)
    assert len(other.samples) == round(len(speech.samples) / speed)
    assert other.duration == pytest.approx(speech.duration / speed, abs=1e-4)
    assert other.phones[-1].end == pytest.approx(other.duration, abs=1e-3)
    assert other.words[-1].end == pytest.approx(speech.words[-1].end / speed)
    if speed <= 2:
        assert pitch(other) == pytest.approx(pitch(speech), rel=0.06)


@pytest.mark.parametrize("semitones", [-7.0, -3.0, 2.0, 5.0])
def test_pitch(semitones: float) -> None:
    speech = said()
    other = time_stretch(speech, 1.0, semitones)
    assert len(other.samples) == len(speech.samples)
    assert other.phones == speech.phones
    assert 12 * np.log2(pitch(other) / pitch(speech)) == pytest.approx(semitones, abs=0.7)


@pytest.mark.parametrize(("speed", "semitones"), [(0.6, 0.0), (1.5, 0.0), (2.0, 3.0), (1.0, -4.0)])
def test_closures_stay_where_the_phones_say(speed: float, semitones: float) -> None:
    """The silence of a p lies where its phone does: less than half as loud as in the vowels around it."""
    other = time_stretch(said("Папа, папа, папа копает, а попугай поёт пока"), speed, semitones)
    closures = [
        level(other, p.start + 0.2 * (p.end - p.start), p.start + 0.5 * (p.end - p.start))
        for p in other.phones[2:]
        if p.symbol == "p"
    ]
    vowels = [level(other, p.start, p.end) for p in other.phones if p.symbol[-1:] in set("aɑoeʌ")]
    assert len(closures) >= 6
    assert np.median(closures) < 0.35 * np.median(vowels)


def test_nothing_to_do_is_nothing_done() -> None:
    speech = said()
    assert time_stretch(speech, 1.0, 0.0) is speech
    assert scale_pauses(speech, 1.0) is speech


@pytest.mark.parametrize("factor", [0.0, 0.5, 2.0, 5.0])
def test_pauses_inside(factor: float) -> None:
    speech = said()
    pauses = [phone.end - phone.start for phone in speech.phones[1:-1] if not phone.symbol]
    assert sum(pauses) > 0.2
    other = scale_pauses(speech, factor)
    assert other.duration == pytest.approx(speech.duration + (factor - 1) * sum(pauses), abs=0.01)
    assert other.phones[-1].end == pytest.approx(other.duration, abs=1e-3)
    for before, after in zip(speech.phones, other.phones, strict=True):
        assert after.symbol == before.symbol
        if before.symbol:
            assert after.end - after.start == pytest.approx(before.end - before.start, abs=1e-4)
            here = speech.samples[round(before.start * RATE) + 2 : round(before.end * RATE) - 2]
            there = other.samples[round(after.start * RATE) + 2 :][: len(here)]
            assert np.corrcoef(here, there)[0, 1] > 0.95 or not here.std()
    assert [word.text for word in other.words] == [word.text for word in speech.words]


def test_edges_are_the_same_whatever_was_there() -> None:
    speech = said()
    once = set_edges(speech, LEAD, 0.3)
    assert once.phones[0] == Phone("", 0.0, pytest.approx(LEAD, abs=1e-4))
    assert once.phones[-1].end - once.phones[-1].start == pytest.approx(0.3, abs=1e-4)
    twice = set_edges(once, LEAD, 0.3)
    np.testing.assert_allclose(twice.samples, once.samples, atol=1e-3)
    longer = set_edges(speech, 1.0, 0.0)
    assert longer.phones[1].start == pytest.approx(1.0, abs=1e-4)
    assert longer.phones[-1].symbol
    assert longer.phones[-1].end == pytest.approx(longer.duration, abs=1e-4)


def test_edges_of_a_sound_without_phones_are_found_by_its_level() -> None:
    tone = (0.3 * np.sin(np.arange(8000) * 0.2) * np.minimum(1, np.arange(8000, 0, -1) / 400)).astype(np.float32)
    padded = np.concatenate([np.full(4000, 1e-4, np.float32), tone, np.full(9000, 1e-4, np.float32)])
    speech = set_edges(Speech(padded, 16_000), 0.25, 0.5)
    assert speech.duration == pytest.approx(0.25 + 0.5 + 0.5 + 0.04, abs=0.002)
    assert not speech.samples[: 4000 - 10].any()
    assert np.abs(np.diff(speech.samples)).max() < 0.08  # no click
    silent = set_edges(Speech(np.zeros(100, np.float32), 16_000), 0.1, 0.1)
    assert len(silent.samples) == 3300
