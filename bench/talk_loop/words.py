"""The words of each conversation of the loop, and the sound in which the fake ears hear them."""

from __future__ import annotations

import random
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from lipsync.audio.resample import Resampler
from lipsync.hearing.types import RATE
from lipsync.speech.engines.espeak import EspeakVoice

WORDS = (
    ("apple", "banana", "cherry", "lemon", "melon", "orange", "papaya", "quince"),
    ("copper", "cobalt", "gallium", "iron", "nickel", "silver", "titanium", "zinc"),
)
"""The words of the two conversations: none is a part of another one."""
RECALL = "What did I say?"
"""A question that is answered with the questions before it."""
PILOTS_HZ = (5200, 6800)
"""A tone in the questions of each conversation by which the fake ears know it: above the voice, below RATE / 2."""
_PILOT_LEVEL = 0.02
_PAUSE_S = 0.3


def sentences(number: int, chance: random.Random, count: int) -> str:
    """``count`` sentences that nobody has said before, in the words of conversation ``number``."""
    return " ".join(
        f"The {chance.choice(WORDS[number])} of day {chance.randrange(10_000)} is a {chance.choice(WORDS[number])}."
        for _ in range(count)
    )


def question_text(number: int, chance: random.Random) -> str:
    """A question in the words of conversation ``number`` that no answer contains: a person who says the words that
    the avatar has just said is taken for its echo."""
    return f"Did you see where my {chance.choice(WORDS[number])} went on day {chance.randrange(10_000)}?"


def foreign_words(number: int, texts: Iterable[str]) -> list[str]:
    """The words in ``texts`` that belong to another conversation than ``number``."""
    others = [word for index, words in enumerate(WORDS) if index != number for word in words]
    return sorted({word for text in texts for word in others if word in text.lower()})


def own_words(number: int, text: str) -> list[str]:
    """The words in ``text`` that belong to conversation ``number``."""
    return [word for word in WORDS[number] if word in text.lower()]


def spoken_question(number: int) -> NDArray[np.float32]:
    """(n,) float32 samples, RATE a second: somebody speaks in conversation ``number``."""
    pieces = list(EspeakVoice().speak("What did you see today?", "en"))
    resampler = Resampler(pieces[0].rate, RATE)
    voice = np.concatenate([*(resampler.add(piece.samples) for piece in pieces), resampler.finish()])
    pause = np.zeros(round(_PAUSE_S * RATE), np.float32)
    sound = np.concatenate([pause, 0.8 * voice, pause])
    times = np.arange(len(sound)) / RATE
    return (sound + _PILOT_LEVEL * np.sin(2 * np.pi * PILOTS_HZ[number] * times)).astype(np.float32)


def conversation_of(samples: NDArray[np.float32]) -> int:
    """The conversation to which (n,) float32 ``samples`` of a spoken question belong."""
    times = np.arange(len(samples)) / RATE
    strength = [abs(np.mean(samples * np.exp(-2j * np.pi * hertz * times))) for hertz in PILOTS_HZ]
    return int(np.argmax(strength))
