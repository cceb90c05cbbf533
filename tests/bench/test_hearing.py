"""bench.hearing: words are compared as a reader would, and wrong ones are counted."""

from __future__ import annotations

import pytest

from bench.hearing import Recognition, row, word_errors, words_of


@pytest.mark.parametrize(
    ("expected", "found", "errors"),
    [
        ("Who wrote it?", "who wrote it", 0),
        ("Ещё раз", "Еще раз.", 0),
        ("it’s fine", "It's fine!", 0),
        ("what is the capital", "what the capitol", 2),
        ("", "you", 1),
        ("one two three", "", 3),
        ("one two", "two one", 2),
    ],
)
def test_wrong_words(expected: str, found: str, errors: int) -> None:
    assert word_errors(words_of(expected), words_of(found)) == errors


def test_a_row_has_the_rate_of_all_words_and_the_medians() -> None:
    done = [Recognition(1, 4, 0.5, 0.2), Recognition(0, 6, 0.7, 0.4), Recognition(1, 10, 0.6, 0.3)]
    assert row("base", "hibari", "en", done) == "| base | hibari | en | 3 | 0.100 | 0.60 | 0.69 | 0.30 |"
