from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lipsync.animation.behavior.phrases import find_phrases
from lipsync.speech.types import Phone, Speech
from tests.animation.behavior.speaking import RATE, silence, tone

SPOKEN = Speech(
    np.concatenate([np.zeros(RATE // 2, np.float32), tone(1.0), np.zeros(RATE // 2, np.float32), tone(0.5)]),
    RATE,
    (
        Phone("", 0, 0.5), Phone("a", 0.5, 1), Phone("", 1, 1.05), Phone("a", 1.05, 1.5), Phone("", 1.5, 2),
        Phone("a", 2, 2.5),
    ),
)  # fmt: skip


def test_phrases_are_parted_by_pauses_not_by_stops() -> None:
    first, second = find_phrases(SPOKEN, 10.0)
    assert (first.start, first.end) == (10.5, 11.5)
    assert (second.start, second.end) == (12.0, 12.5)


def test_without_phones_loudness_tells() -> None:
    first, second = find_phrases(replace(SPOKEN, phones=()), 10.0)
    assert (first.start, first.end) == pytest.approx((10.5, 11.5), abs=0.08)
    assert (second.start, second.end) == pytest.approx((12.0, 12.5), abs=0.08)


@pytest.mark.parametrize(("text", "expected"), [("Why?", True), ("“Why?”", True), ("Why not.", False), ("", False)])
def test_a_question_is_the_last_phrase_of_its_sentence(text: str, expected: bool) -> None:
    first, second = find_phrases(replace(SPOKEN, text=text), 0.0)
    assert (first.is_question, second.is_question) == (False, expected)


def test_silence_has_none() -> None:
    assert find_phrases(silence(2), 0.0) == []
    assert find_phrases(replace(silence(2), phones=()), 0.0) == []
    assert find_phrases(Speech(np.zeros(0, np.float32), RATE), 0.0) == []
