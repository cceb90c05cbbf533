"""Speech for the tests of behaviour, and ways to cut it."""

from __future__ import annotations

import numpy as np

from lipsync.animation.expression import Expression
from lipsync.animation.track import TrackBuilder
from lipsync.animation.types import FaceTrack
from lipsync.speech.types import Phone, Speech

RATE = 22050

TEXTS = {
    "ru": "Сегодня я расскажу вам, как устроена наша новая программа. Она превращает обычный текст в живую речь, "
    "а затем оживляет портрет. Вы думаете, это сложно? Вовсе нет: достаточно одной фотографии и нескольких слов.",
    "en": "Today I would like to show you how our new program works. It turns ordinary text into living speech, and "
    "then it brings a portrait to life. Do you think that is difficult? A single photograph and a few words will do.",
    "uk": "Сьогодні я розповім вам, як працює наша нова програма. Вона перетворює звичайний текст на живу мову, "
    "а потім оживляє портрет. Ви думаєте, це складно? Зовсім ні: достатньо однієї фотографії та кількох слів.",
    "kk": "Бүгін мен сіздерге жаңа бағдарламамыздың қалай жұмыс істейтінін айтып беремін. Ол кәдімгі мәтінді тірі "
    "сөзге айналдырады, содан кейін портретті тірілтеді. Бұл қиын деп ойлайсыз ба? Жоқ, бір сурет жеткілікті.",
}


def silence(seconds: float) -> Speech:
    count = round(seconds * RATE)
    return Speech(np.zeros(count, np.float32), RATE, (Phone("", 0.0, count / RATE),))


def tone(seconds: float, frequency: float = 150.0, level: float = 0.3) -> np.ndarray:
    times = np.arange(round(seconds * RATE)) / RATE
    return (level * np.sin(2 * np.pi * frequency * times)).astype(np.float32)


def syllables(count: int, *, distance: float = 0.8, start: float = 1.0, end: float = 1.0) -> Speech:
    """Stressed vowels of 0.2 s, ``distance`` seconds apart, with unstressed speech between them."""
    phones, samples = [Phone("", 0.0, start)], [np.zeros(round(start * RATE), np.float32)]
    at = start
    for _ in range(count):
        phones += [Phone("ˈɑ", at, at + 0.2), Phone("l", at + 0.2, at + distance)]
        samples += [tone(0.2), tone(distance - 0.2, level=0.1)]
        at += distance
    phones.append(Phone("", at, at + end))
    return Speech(np.concatenate([*samples, np.zeros(round(end * RATE), np.float32)]), RATE, tuple(phones))


def cut(speech: Speech, seconds: float) -> list[Speech]:
    """Two pieces; a phone that is cut goes on in the second."""
    place = round(seconds * speech.rate)
    at = place / speech.rate
    before = tuple(Phone(p.symbol, p.start, min(p.end, at)) for p in speech.phones if p.start < at)
    after = tuple(Phone(p.symbol, max(p.start - at, 0.0), p.end - at) for p in speech.phones if p.end > at)
    return [
        Speech(speech.samples[:place], speech.rate, before, voice=speech.voice),
        Speech(speech.samples[place:], speech.rate, after, voice=speech.voice),
    ]


def tracks(
    pieces: list[Speech], fps: int = 25, seed: int = 1, expression: Expression | None = None
) -> list[FaceTrack]:
    builder = TrackBuilder(fps, seed, expression or Expression())
    return [builder.add(piece, last=place == len(pieces) - 1) for place, piece in enumerate(pieces)]


def joined(parts: list[FaceTrack], name: str) -> np.ndarray:
    return np.concatenate([getattr(part, name) for part in parts]).astype(np.float64)


def share_above(curves: np.ndarray, frequency: float, fps: int) -> np.ndarray:
    """(C,) share of the power of ``curves`` (T, C) above ``frequency`` Hz, under a Hann window."""
    window = np.hanning(len(curves))[:, None]
    power = np.abs(np.fft.rfft((curves - curves.mean(axis=0)) * window, axis=0)) ** 2
    high = np.fft.rfftfreq(len(curves), 1 / fps) > frequency
    return power[high].sum(axis=0) / power.sum(axis=0)
