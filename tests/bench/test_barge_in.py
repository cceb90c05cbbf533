"""The benchmark of interruption, in small: with Silero's real network, on sound of the project's voices."""

from __future__ import annotations

import numpy as np
import pytest

from bench.barge_in.listen import in_room, listen, room_noise
from bench.barge_in.sounds import QUESTIONS, TEXTS, at_level, first_voiced, noises, say
from lipsync.hearing.types import RATE

VOICE, PERSON = "espeak-male", "espeak-female"


@pytest.mark.parametrize("with_echo", [False, True])
def test_a_person_interrupts_within_half_a_second(with_echo: bool) -> None:
    rng = np.random.default_rng(0)
    own = say(TEXTS[0], VOICE)[: 7 * RATE]
    person = at_level(say(QUESTIONS[0], PERSON), own, 0.0)
    start = 4 * RATE
    microphone = room_noise(len(own), rng)
    microphone[start : start + len(person)] += person[: len(own) - start]
    if with_echo:
        microphone += in_room(own, 0.12, -12.0, rng)
    outcome = listen(microphone, own if with_echo else None, QUESTIONS[0])
    voiced = (start + first_voiced(person)) / RATE
    assert 0.1 < outcome.interrupted[0] - voiced < 0.5
    assert len(outcome.lost) == 1


def test_our_own_voice_does_not() -> None:
    rng = np.random.default_rng(1)
    own = np.concatenate([say(text, VOICE) for text in TEXTS[:3]])
    outcome = listen(in_room(own, 0.12, -12.0, rng) + room_noise(len(own), rng), own)
    assert (outcome.interrupted, outcome.lost) == ([], [])


@pytest.mark.parametrize("kind", ["cough", "door", "music", "keys", "mm-hm"])
def test_a_noise_does_not_end_the_answer(kind: str) -> None:
    rng = np.random.default_rng(2)
    for seed in range(3):
        sound = dict(noises(seed))[kind]
        microphone = room_noise(5 * RATE, rng)
        microphone[RATE : RATE + len(sound)] += sound
        outcome = listen(microphone, words="Mm-hmm." if kind == "mm-hm" else "")
        assert outcome.lost == []
        assert len(outcome.resumed) == len(outcome.interrupted)
