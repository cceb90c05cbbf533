"""Similarity of questions by their words."""

from __future__ import annotations

import pytest

from lipsync.text.similarity import MAX_CHARACTERS, SimilarityIndex, fold_words


def test_folding() -> None:
    assert fold_words("Where's the «Ёлка», сім'я?") == ["wheres", "the", "елка", "сімя"]
    assert len(fold_words("a " * 1000)) == MAX_CHARACTERS // 2


def test_the_same_words_are_the_most_similar() -> None:
    index = SimilarityIndex(["What is your name?", "What is the time?", "Как тебя зовут?"])
    assert index.best("what is YOUR name") == (0, pytest.approx(1))
    assert index.best("как зовут вас")[0] == 2
    assert index.best("quite different")[1] < 0.2


def test_a_rare_word_counts_more_than_common_ones() -> None:
    index = SimilarityIndex(["What is the weather?", "What is the time?", "What is the news?"])
    assert index.best("weather, please")[0] == 0


def test_without_texts_there_is_no_best() -> None:
    with pytest.raises(ValueError, match="empty"):
        SimilarityIndex([]).best("x")
