"""Sounds for the microphone: speech of the project's voices, and noises that are no speech. 16 kHz, float32."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

import numpy as np
from numpy.typing import NDArray

from lipsync.audio.resample import Resampler
from lipsync.hearing.types import RATE
from lipsync.speech.engines.espeak import EspeakVoice
from lipsync.speech.engines.hibari import HEART, HibariVoice
from lipsync.speech.types import PLAIN, Style

Samples = NDArray[np.float32]

VOICES = (HEART, "espeak-male", "espeak-female")

QUESTIONS = (
    "What is the capital of Japan?",
    "Stop, I want to ask you something else.",
    "No, wait a moment, please.",
    "How much does it cost?",
    "Can you say that again?",
    "Please tell me about something else.",
    "Who wrote that book?",
    "Excuse me, that is not what I meant.",
    "Hold on, where did you hear that?",
    "Thank you, that is enough for today.",
)
TEXTS = (
    "The old harbour lies behind a low hill, and every morning the fishermen bring in their boats before the sun has "
    "risen. They sell what they have caught on the stones of the quay, where the cats of the whole town are waiting.",
    "Light travels at about three hundred thousand kilometres in a second. It takes eight minutes from the sun to "
    "the earth, and more than four years from the nearest star, which nobody has ever visited.",
    "When you bake bread, give the dough the time that it needs. Mix flour, water, salt and a little yeast in the "
    "evening, cover the bowl, and leave it alone until the next day. The rest is a hot oven and patience.",
    "My grandmother kept a garden with forty kinds of roses. She knew each of them by its name and by its smell, and "
    "she would stop in the middle of a sentence when one of them had opened overnight.",
)


@cache
def say(text: str, voice: str, speed: float = 1.0) -> Samples:
    """``text`` in English, by one of VOICES; loudness -20 dBFS."""
    speaker, style = (_hibari(), PLAIN) if voice == HEART else (_espeak(), Style(speed=speed))
    pieces = []
    for speech in speaker.speak(text, "en", voice, style):
        pieces.append(Resampler(speech.rate, RATE).add(speech.samples))
    sound = np.concatenate(pieces)
    return (sound * (0.1 / max(1e-6, float(np.sqrt(np.mean(np.square(sound))))))).astype(np.float32)


def at_level(sound: Samples, reference: Samples, level_db: float) -> Samples:
    """``sound``, ``level_db`` louder than ``reference`` by the power of their loud halves."""
    return np.asarray(sound * (_loudness(reference) / _loudness(sound) * 10 ** (level_db / 20)), np.float32)


def first_voiced(sound: Samples) -> int:
    """The sample at which ``sound`` begins: 30 dB under its loudness."""
    power = np.convolve(np.square(sound), np.ones(80) / 80, mode="same")
    return int(np.argmax(power > (_loudness(sound) * 10 ** (-30 / 20)) ** 2))


def _loudness(sound: Samples) -> float:
    frames = np.square(sound[: len(sound) // 320 * 320]).reshape(-1, 320).mean(axis=1)
    return float(np.sqrt(np.mean(np.sort(frames)[len(frames) // 2 :]))) or 1e-6


def noises(seed: int) -> Iterator[tuple[str, Samples]]:
    """Kinds of noise and one sound of each, about 0.15 to 3 s long."""
    makers: dict[str, Callable[[np.random.Generator], Samples]] = {
        "cough": _cough, "door": _door, "music": _music, "keys": _keys, "mm-hm": _hum,
    }  # fmt: skip
    for name, make in makers.items():
        yield name, make(np.random.default_rng([seed, len(name), ord(name[0])]))


def _cough(rng: np.random.Generator) -> Samples:
    """One to three bursts: an explosive opening, noise through a short vocal tract, a voiced end."""
    bursts = []
    for _ in range(rng.integers(1, 4)):
        length = int(RATE * rng.uniform(0.15, 0.35))
        envelope = np.exp(-np.arange(length) / (RATE * rng.uniform(0.04, 0.1)))
        noise = rng.standard_normal(length)
        pulses = (np.arange(length) % int(RATE / rng.uniform(90, 220)) == 0) * rng.uniform(2, 8)
        fading_in = np.clip(np.arange(length) / length * 2 - 0.6, 0, 1)
        source = noise * (1 - 0.7 * fading_in) + pulses * fading_in
        for frequency, width in ((rng.uniform(500, 900), 250), (rng.uniform(1300, 1900), 350), (2700, 500)):
            source = source + 2 * _resonance(source, frequency, width)
        bursts += [source * envelope, np.zeros(int(RATE * rng.uniform(0.05, 0.25)))]
    return _normalized(np.concatenate(bursts))


def _door(rng: np.random.Generator) -> Samples:
    """A thump, and the rattle of the latch."""
    length = int(RATE * 0.6)
    time = np.arange(length) / RATE
    thump = np.sin(2 * np.pi * rng.uniform(50, 110) * time) * np.exp(-time * rng.uniform(10, 25))
    noise = rng.standard_normal(length) * np.exp(-time * rng.uniform(30, 80))
    rattle = np.zeros(length)
    for at in rng.uniform(0.05, 0.4, 4):
        start = int(at * RATE)
        click = rng.standard_normal(length - start) * np.exp(-np.arange(length - start) / (RATE * 0.008))
        rattle[start:] += _resonance(click, rng.uniform(1500, 4000), 300) * rng.uniform(0.2, 1)
    return _normalized(thump + 0.5 * noise + 0.3 * rattle)


def _music(rng: np.random.Generator) -> Samples:
    """Three seconds of a melody with vibrato over chords and drums."""
    length = 3 * RATE
    time = np.arange(length) / RATE
    sound = np.zeros(length)
    beat = rng.uniform(0.25, 0.5)
    for number in range(int(3 / beat)):
        start = int(number * beat * RATE)
        left = time[: length - start]
        pitch = 220 * 2 ** (rng.integers(0, 13) / 12)
        vibrato = 1 + 0.006 * np.sin(2 * np.pi * 5.5 * left)
        phase = 2 * np.pi * np.cumsum(pitch * vibrato) / RATE
        tone = sum(np.sin(k * phase) / k for k in range(1, 7)) * np.exp(-left * rng.uniform(1.5, 4))
        chord = sum(np.sin(2 * np.pi * 110 * 2 ** (step / 12) * left) for step in (0, 4, 7)) * np.exp(-left * 2)
        drum = rng.standard_normal(len(left)) * np.exp(-left * 40)
        sound[start:] += tone + 0.5 * chord + 0.6 * drum
    return _normalized(sound)


def _keys(rng: np.random.Generator) -> Samples:
    """Typing."""
    sound = np.zeros(RATE)
    for at in np.sort(rng.uniform(0, 0.9, 8)):
        start = int(at * RATE)
        click = rng.standard_normal(RATE - start) * np.exp(-np.arange(RATE - start) / (RATE * 0.006))
        sound[start:] += _resonance(click, rng.uniform(2000, 5000), 800)
    return _normalized(sound)


def _hum(rng: np.random.Generator) -> Samples:
    """ "Mm-hm": two hums with the mouth closed and a breath between; the second is higher."""
    pitch = rng.uniform(95, 230)
    parts = []
    for factor, seconds in ((1.0, rng.uniform(0.14, 0.24)), (rng.uniform(1.1, 1.3), rng.uniform(0.2, 0.35))):
        length = int(RATE * seconds)
        glide = pitch * factor * np.linspace(1, rng.uniform(0.92, 1.12), length)
        phase = np.cumsum(glide) / RATE
        pulses = np.diff(np.floor(phase), prepend=0.0) + 0.01 * rng.standard_normal(length)
        tract = (
            _resonance(pulses, 270, 60) + 0.06 * _resonance(pulses, 1050, 200) + 0.02 * _resonance(pulses, 2200, 300)
        )
        edge = int(RATE * 0.03)
        envelope = np.minimum(1, np.minimum(np.arange(length), np.arange(length)[::-1]) / edge)
        parts += [tract * envelope, 0.004 * rng.standard_normal(int(RATE * rng.uniform(0.03, 0.09)))]
    return _normalized(np.concatenate(parts[:-1]))


def _resonance(source: NDArray[np.float64], frequency: float, width: float) -> NDArray[np.float64]:
    """A resonance of ``width`` Hz around ``frequency`` Hz."""
    radius = np.exp(-np.pi * width / RATE)
    angle = 2 * np.pi * frequency / RATE
    gain = (1 - radius) * np.sqrt(1 - 2 * radius * np.cos(2 * angle) + radius**2)
    steps = np.arange(int(min(RATE, 7 / -np.log(radius))))
    response = gain * radius**steps * np.sin((steps + 1) * angle) / np.sin(angle)
    return np.asarray(np.convolve(source, response)[: len(source)], np.float64)


def _normalized(sound: NDArray[np.float64]) -> Samples:
    return (sound / max(1e-9, float(np.abs(sound).max())) * 0.5).astype(np.float32)


@cache
def _hibari() -> HibariVoice:
    return HibariVoice({HEART: None})


@cache
def _espeak() -> EspeakVoice:
    return EspeakVoice()
