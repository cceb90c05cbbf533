"""bench.language_models: the questions, and how replies are judged."""

from __future__ import annotations

import re

import pytest

from bench.language_models import QUESTIONS

EXPECTED = dict(QUESTIONS)


def test_there_are_thirty_questions() -> None:
    assert len(EXPECTED) == 30


@pytest.mark.parametrize(
    ("question", "reply", "is_right"),
    [
        ("What is the capital of France?", "The capital of France is Paris.", True),
        ("What is two plus two?", "Two plus two equals four.", True),
        ("What is two plus two?", "Two plus two = 4 + 2 = 6", True),  # a keyword is no understanding: docs say so
        ("What is two plus two?", "It is a classic problem.", False),
        ("Which animal is called the king of the jungle?", "A lioness named Kanaq.", False),
        ("Are you a real person?", "Yes, I am a real person.", False),
        ("What is the weather like right now?", "I cannot see the weather.", True),
        ("What is the weather like right now?", "The weather is clear.", False),
    ],
)
def test_a_reply_is_right_where_it_holds_the_keyword(question: str, reply: str, is_right: bool) -> None:
    assert bool(re.search(EXPECTED[question], reply, re.IGNORECASE)) is is_right
