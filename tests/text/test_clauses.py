"""The first part comes early, the others are sentences; abbreviations and numbers stay whole; no word is lost."""

from __future__ import annotations

import pytest

from lipsync.text.clauses import ClauseCutter
from lipsync.text.split import MAX_SENTENCE_LENGTH

CASES = [
    ("en", "Yes indeed, it is Paris. It is large.", ["Yes indeed,", "it is Paris.", "It is large."]),
    ("en", "Yes, it is Paris. It is large.", ["Yes, it is Paris.", "It is large."]),
    ("en", "Paris.", ["Paris."]),
    (
        "en",
        "The quick brown fox jumps over a lazy dog today.",
        ["The quick brown fox jumps over", "a lazy dog today."],
    ),
    (
        "en",
        "Dr. Smith came at 3.5 p.m. with Mr. Brown. He left.",
        ["Dr. Smith came at 3.5 p.m. with", "Mr. Brown.", "He left."],
    ),
    ("en", "Hello! How are you? Fine: thanks.", ["Hello!", "How are you?", "Fine: thanks."]),
    ("en", "It costs 1,500.50 dollars, I think. Yes.", ["It costs 1,500.50 dollars,", "I think.", "Yes."]),
    (
        "ru",
        "Столица Франции — Париж. Это т. е. город, в 10:30. Да",
        ["Столица Франции —", "Париж.", "Это т. е. город, в 10:30.", "Да"],
    ),
    ("uk", "Так, звичайно; ходімо. Добре!", ["Так, звичайно;", "ходімо.", "Добре!"]),
    ("kk", "Сәлем! Қалыңыз қалай? Жақсы.", ["Сәлем!", "Қалыңыз қалай?", "Жақсы."]),
    ("en", "", []),
    ("en", "… !", []),
]


@pytest.mark.parametrize("size", [1, 4, 1000])
@pytest.mark.parametrize(("language", "text", "parts"), CASES)
def test_the_parts(language: str, text: str, parts: list[str], size: int) -> None:
    cutter, found = ClauseCutter(language), []
    for index in range(0, len(text), size):
        found += cutter.feed(text[index : index + size])
    found += cutter.finish()
    assert found == parts


def test_the_first_part_does_not_wait_for_the_end_of_the_sentence() -> None:
    cutter = ClauseCutter("en")
    assert cutter.feed("The capital of France is the beautiful") == []
    assert not cutter.has_cut
    assert cutter.feed(" city") == ["The capital of France is the beautiful"]
    assert cutter.has_cut


def test_an_end_of_a_sentence_is_certain_when_the_next_begins() -> None:
    cutter = ClauseCutter("en")
    cutter.feed("Well then, ")
    assert cutter.feed("it is Dr.") == []
    assert cutter.feed(" Smith. ") == []
    assert cutter.feed("He") == ["it is Dr. Smith."]


def test_a_sentence_without_end_is_cut() -> None:
    cutter = ClauseCutter("en")
    parts = [part for _ in range(300) for part in cutter.feed("word ")] + cutter.finish()
    assert " ".join(parts).split() == ["word"] * 300
    assert max(map(len, parts)) <= MAX_SENTENCE_LENGTH


def test_a_word_without_end_is_cut() -> None:
    cutter = ClauseCutter("en")
    parts = [part for _ in range(1000) for part in cutter.feed("x")] + cutter.finish()
    assert "".join(parts) == "x" * 1000
    assert max(map(len, parts)) <= MAX_SENTENCE_LENGTH


def test_a_part_that_is_known_to_end_is_the_first_one() -> None:
    cutter = ClauseCutter("en")
    assert cutter.feed("One two three.") == []
    assert (cutter.rest, cutter.has_cut) == ("One two three.", False)
    assert cutter.finish() == ["One two three."]
    assert (cutter.rest, cutter.has_cut) == ("", True)
    assert cutter.feed("Yes indeed, it is. And") == ["Yes indeed, it is."]
