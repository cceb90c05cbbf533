"""The avatar's own voice in the microphone, by its sound (of our own voices) and by its words."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from bench.barge_in.listen import in_room, room_noise
from bench.barge_in.sounds import QUESTIONS, TEXTS, at_level, say
from lipsync.hearing.echo import EchoDetector, repeats_own_words
from lipsync.hearing.types import RATE, WINDOW

Samples = NDArray[np.float32]
OWN, PERSON = "espeak-male", "espeak-female"
_PIECE = 8 * WINDOW


def decide(own: Samples, microphone: Samples, detector: EchoDetector | None = None) -> NDArray[np.bool_]:
    """Whether each window of the microphone is our own voice."""
    detector = detector or EchoDetector()
    found = []
    for start in range(0, len(microphone) - WINDOW + 1, WINDOW):
        if start % _PIECE == 0:
            detector.play(own[start : start + _PIECE], start / RATE)
        found.append(detector.is_own_voice(microphone[start : start + WINDOW]))
    return np.array(found)


def loud(sound: Samples, below_db: float = 20.0) -> NDArray[np.bool_]:
    """Whether each window is louder than ``below_db`` under the sound's mean power."""
    power = np.square(sound[: len(sound) // WINDOW * WINDOW]).reshape(-1, WINDOW).mean(axis=1)
    return np.asarray(power > np.square(sound).mean() / 10 ** (below_db / 10))


@pytest.fixture(scope="module")
def own() -> Samples:
    return np.concatenate([say(text, OWN) for text in TEXTS[:2]])[: 16 * RATE]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("lag_s", "level_db"), [(0.02, -6.0), (0.12, -12.0), (0.5, -20.0)])
def test_an_echo_is_our_own_voice(own: Samples, seed: int, lag_s: float, level_db: float) -> None:
    rng = np.random.default_rng(seed)
    echo = in_room(own, lag_s, level_db, rng)
    detector = EchoDetector()
    decided = decide(own, echo + room_noise(len(own), rng), detector)
    assert np.mean(decided[loud(echo)]) > 0.98
    assert detector.lag_s == pytest.approx(lag_s, abs=0.04)


@pytest.mark.parametrize("seed", range(3))
def test_a_person_over_the_echo_is_not(own: Samples, seed: int) -> None:
    rng = np.random.default_rng(seed)
    person = np.zeros_like(own)
    start = int(rng.uniform(3.0, 6.0) * RATE)
    said = at_level(np.concatenate([say(text, PERSON) for text in QUESTIONS[seed : seed + 4]]), own, 0.0)
    person[start : start + len(said)] = said[: len(own) - start]
    decided = decide(own, person + in_room(own, 0.12, -12.0, rng) + room_noise(len(own), rng))
    assert np.mean(decided[loud(person, 10.0)]) < 0.15


@pytest.mark.parametrize("seed", range(3))
def test_a_person_without_an_echo_is_never_our_own_voice(own: Samples, seed: int) -> None:
    rng = np.random.default_rng(seed)
    said = np.concatenate([say(text, PERSON) for text in rng.permutation(QUESTIONS)])[: len(own)]
    person = np.pad(said, (0, len(own) - len(said))) + room_noise(len(own), rng)
    decided = decide(own, person)
    assert not decided[2 * RATE // WINDOW :].any(), "the first second of our sound is waited for an echo"


def test_an_echo_that_stops_is_forgotten(own: Samples) -> None:
    rng = np.random.default_rng(0)
    detector = EchoDetector()
    echo = in_room(own, 0.12, -12.0, rng)
    echo[5 * RATE :] = 0.0
    decide(own, echo + room_noise(len(own), rng), detector)
    assert detector.lag_s is None


def test_what_was_interrupted_is_not_expected(own: Samples) -> None:
    detector = EchoDetector()
    detector.play(own[: 10 * RATE], 0.0)
    detector.stop(0.0)
    microphone = room_noise(3 * RATE, np.random.default_rng(0))
    assert not any(detector.is_own_voice(microphone[at : at + WINDOW]) for at in range(0, 2 * RATE, WINDOW))


def test_an_empty_piece_changes_nothing() -> None:
    detector = EchoDetector()
    detector.play(np.zeros(0, np.float32), 0.0)
    assert not detector.is_own_voice(np.zeros(0, np.float32))


SAID = ("The", "capital", "of", "France", "is", "Paris,", "and", "its", "river", "is", "the", "Seine.")


@pytest.mark.parametrize(
    ("text", "repeats"),
    [
        ("capital of France", True),
        ("of France is Paris and its", True),
        ("The capital of trance is Paris", True),  # misheard
        ("is Paris", False),  # two words
        ("Paris is the capital of", False),  # another order
        ("What is the capital of Japan?", False),
        ("And what about the capital of Spain then?", False),
        ("", False),
    ],
)
def test_a_piece_of_what_was_said(text: str, repeats: bool) -> None:
    assert repeats_own_words(text, SAID) is repeats


def test_without_own_words_nothing_is_repeated() -> None:
    assert not repeats_own_words("one two three", [])
