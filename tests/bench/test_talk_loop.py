"""bench.talk_loop: what it takes for wrong, and how it tells the conversations apart."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from bench.load.server import Taken
from bench.talk.client import Client, Received
from bench.talk_loop.converse import Seen, check
from bench.talk_loop.report import SPARE_FILES, Held, has_come_back, settled, verdicts
from bench.talk_loop.words import WORDS, conversation_of, foreign_words, own_words, sentences, spoken_question

BEFORE = Held(threads=20, files=30, sockets=1, children=0)


def client(*messages: dict[str, Any]) -> Client:
    return Client(None, [Received(0.0, one["type"], 1, one) for one in messages])  # type: ignore[arg-type]


def test_sentences_have_words_of_their_own_conversation_alone() -> None:
    for number in range(len(WORDS)):
        text = sentences(number, random.Random(1), 4)
        assert own_words(number, text)
        assert foreign_words(number, [text]) == []
        assert foreign_words(1 - number, [text]) == sorted(own_words(number, text))
        assert text.count(".") == 4


def test_ears_know_which_conversation_a_sound_is_from() -> None:
    for number in range(len(WORDS)):
        sound = spoken_question(number)
        noise = np.random.default_rng(1).normal(0, 0.01, len(sound)).astype(np.float32)
        assert conversation_of(sound + noise) == number


def test_a_turn_in_order_has_no_problem() -> None:
    seen = Seen()
    check(
        0,
        "written",
        client({"type": "sentence", "text": "An apple."}, {"type": "done", "full_text": "An apple."}),
        seen,
    )
    assert (seen.turns, seen.problems) == ({"written": 1}, [])


@pytest.mark.parametrize(
    "message",
    [
        {"type": "sentence", "text": "An apple of Iron."},
        {"type": "transcript", "text": "zinc", "final": True},
        {"type": "frame", "text_chunk": "a cobalt"},
        {"type": "interrupted", "heard_text": "Silver"},
        {"type": "error", "code": "internal", "error": "…"},
        {"type": "done", "full_text": "I am sorry."},
    ],
)
def test_what_is_wrong_in_a_turn(message: dict[str, Any]) -> None:
    seen = Seen()
    check(0, "written", client(message), seen)
    assert len(seen.problems) == 1


def test_what_is_missing_in_an_answer_is_counted() -> None:
    seen = Seen()
    check(0, "said", client({"type": "done", "full_text": "A lemon.", "degraded": ["fps"]}), seen)
    assert (seen.degraded, seen.problems) == ({"fps": 1}, [])


def test_what_does_not_come_back() -> None:
    assert has_come_back(BEFORE, replace(BEFORE, files=BEFORE.files + SPARE_FILES))
    for more in ({"threads": 99}, {"files": BEFORE.files + SPARE_FILES + 1}, {"sockets": 2}, {"children": 1}):
        assert not has_come_back(BEFORE, replace(BEFORE, **more))


def test_it_waits_until_connections_have_ended() -> None:
    looks: Iterator[Held] = iter([replace(BEFORE, sockets=3), replace(BEFORE, sockets=2), BEFORE])
    assert settled(lambda: next(looks), lambda now: now.sockets <= 1) == BEFORE


def test_memory_that_grows_is_no_good() -> None:
    def during(each: float) -> list[Taken]:
        return [Taken(float(second), 400 + each * second / 60, 20, 30, 0.0) for second in range(600)]

    for each, expected in ((0.1, True), (9.0, False)):
        (_, _, (is_flat, said)) = verdicts(BEFORE, BEFORE, during(each), 0.0, 600.0, [])
        assert is_flat is expected, said
    assert [good for good, _ in verdicts(BEFORE, replace(BEFORE, children=1), during(0), 0.0, 600.0, ["x"])] == [
        False,
        False,
        True,
    ]
