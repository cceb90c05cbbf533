from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lipsync.text.clean import is_speakable
from lipsync.text.split import MAX_SENTENCE_LENGTH, split_sentences, split_to_fit


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("ru", "Привет! Как дела? Хорошо.", ["Привет!", "Как дела?", "Хорошо."]),
        ("ru", "Он родился, т. е. появился, в 1799 г. в Москве. Да.",
         ["Он родился, т. е. появился, в 1799 г. в Москве.", "Да."]),
        ("ru", "«Привет!» — сказал он. И ушёл.", ["«Привет!» — сказал он.", "И ушёл."]),
        ("ru", "А. С. Пушкин жил на ул. Ленина.", ["А. С. Пушкин жил на ул. Ленина."]),
        ("en", "Dr. Smith paid 3.5 dollars at 5 p.m. on Jan. 3. He left.",
         ["Dr. Smith paid 3.5 dollars at 5 p.m. on Jan. 3.", "He left."]),
        ("en", "J. R. R. Tolkien wrote it. Yes!", ["J. R. R. Tolkien wrote it.", "Yes!"]),
        ("uk", "Т. Г. Шевченко народився у 1814 р. на вул. Лесі. Так!",
         ["Т. Г. Шевченко народився у 1814 р. на вул. Лесі.", "Так!"]),
        ("kk", "Сәлем! А. Құнанбаев ұлы ақын.", ["Сәлем!", "А. Құнанбаев ұлы ақын."]),
        ("kk", "Ж. Жабаев та ақын. Солай.", ["Ж. Жабаев та ақын.", "Солай."]),
        ("fr", "M. Dupont est arrivé. Il est parti avec Mme. Martin. Ça va ?",
         ["M. Dupont est arrivé.", "Il est parti avec Mme. Martin.", "Ça va ?"]),
        ("fr", "« Bonjour ! » dit-il. Ça va ?", ["« Bonjour ! » dit-il.", "Ça va ?"]),
        ("ru", "Он сказал: «Приду завтра. Ждите!» И ушёл.", ["Он сказал: «Приду завтра. Ждите!»", "И ушёл."]),
        ("ru", "Кто там? Я. Заходи!", ["Кто там?", "Я.", "Заходи!"]),
        ("ru", "Версия 1.2.3 вышла. Сайт example.com/a.b растёт. Да…", ["Версия 1.2.3 вышла.",
         "Сайт example.com/a.b растёт.", "Да…"]),
        ("ru", "Встреча с А.С. Пушкиным. Он пришёл.", ["Встреча с А.С. Пушкиным.", "Он пришёл."]),
        ("en", "He went to the U.S. economy class. Wait... what? No!",
         ["He went to the U.S. economy class.", "Wait... what?", "No!"]),
        ("en", "It was I. He left.", ["It was I.", "He left."]),
        ("en", "See www.example.com. It is good.", ["See www.example.com.", "It is good."]),
        ("uk", "«Доброго дня!» — сказав він. Прийшов.", ["«Доброго дня!» — сказав він.", "Прийшов."]),
        ("ru", "Раз\nДва\n\n...\nТри", ["Раз", "Два", "Три"]),
    ],
)  # fmt: skip
def test_sentences(language: str, text: str, expected: list[str]) -> None:
    assert list(split_sentences(text, language)) == expected


def test_a_sentence_without_an_end_is_cut_at_commas() -> None:
    text = ", ".join(["слово за словом"] * 200)
    parts = list(split_sentences(text, "ru"))
    assert all(MAX_SENTENCE_LENGTH // 2 < len(part) <= MAX_SENTENCE_LENGTH for part in parts[:-1])
    assert all(part.endswith(",") for part in parts[:-1])
    assert " ".join(parts) == text


@given(st.text(alphabet="аб ,.!я1\n", min_size=1, max_size=2000))
def test_split_sentences_loses_no_letter_and_bounds_the_length(text: str) -> None:
    parts = list(split_sentences(text, "ru"))
    assert all(0 < len(part) <= MAX_SENTENCE_LENGTH for part in parts)
    letters = [character for character in text if character.isalnum()]
    assert [character for part in parts for character in part if character.isalnum()] == letters


def test_one_endless_word_is_cut_anywhere() -> None:
    assert [len(part) for part in split_sentences("а" * 1000, "ru")] == [400, 400, 200]


def fit(text: str, max_length: int) -> list[str]:
    return list(split_to_fit(text, lambda part: len(part) <= max_length))


def test_split_to_fit_prefers_sentences_and_clauses() -> None:
    text = "One, two; three. Four five six seven!"
    assert fit(text, 100) == [text]
    assert fit(text, 21) == ["One, two; three.", "Four five six seven!"]
    assert fit(text, 12) == ["One, two;", "three.", "Four five", "six seven!"]
    assert fit("abcdefgh", 3) == ["ab", "cd", "ef", "gh"]
    assert fit("да — нет — может быть", 12) == ["да — нет —", "может быть"]


@given(st.text("абв .,!?;—", max_size=120), st.integers(1, 40))
def test_split_to_fit_loses_no_letter(text: str, max_length: int) -> None:
    parts = fit(text, max_length)
    assert all(len(part) <= max_length and is_speakable(part) for part in parts)
    assert [c for part in parts for c in part if c.isalnum()] == [c for c in text if c.isalnum()]
