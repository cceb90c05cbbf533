from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lipsync.errors import LipsyncError
from lipsync.speech.text import LONGEST, clean_text, sentences


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty_text"),
        (" \n\t\u00a0 ", "empty_text"),
        ("?!… — «»", "nothing_to_say"),
        ("👋🏽😀👨‍👩‍👧 ❤️", "nothing_to_say"),
        ("\u200b\ufeff\u200d", "nothing_to_say"),
        ("а" * 101, "text_too_long"),
        ("При\ud800вет", "bad_characters"),
        ("При\x00вет", "bad_characters"),
        ("При\x1b[31mвет", "bad_characters"),
        ("При\x9fвет", "bad_characters"),
    ],
)
def test_each_bad_text_has_its_error(text: str, code: str) -> None:
    with pytest.raises(LipsyncError) as caught:
        clean_text(text, 100)
    assert caught.value.code == code
    assert caught.value.sentence("ru").isprintable()


def test_what_has_no_sound_is_left_out() -> None:
    assert clean_text(" Привет\u200b,\u00ad мир! 👋🏽🇰🇿 ", 100) == "Привет, мир!"
    assert clean_text("1️⃣ 20 °C, №5 ★", 100) == "1 20 °C, №5"


def test_letters_are_composed_and_line_ends_are_one() -> None:
    assert clean_text("е\u0308лка\r\nи\u0306од\u2028да", 100) == "ёлка\nйод\nда"


def test_a_stress_mark_stays() -> None:
    assert clean_text("за\u0301мок", 100) == "за\u0301мок"


@given(st.text(max_size=60))
def test_clean_text_returns_what_can_be_spoken_or_raises(text: str) -> None:
    try:
        clean = clean_text(text, 50)
    except LipsyncError:
        return
    assert any(character.isalnum() for character in clean)
    assert clean_text(clean, 200) == clean
    clean.encode("utf-8")


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
    assert list(sentences(text, language)) == expected


def test_a_sentence_without_an_end_is_cut_at_commas() -> None:
    text = ", ".join(["слово за словом"] * 200)
    parts = list(sentences(text, "ru"))
    assert all(LONGEST // 2 < len(part) <= LONGEST for part in parts[:-1])
    assert all(part.endswith(",") for part in parts[:-1])
    assert " ".join(parts) == text


@given(st.text(alphabet="аб ,.!я1\n", min_size=1, max_size=2000))
def test_no_letter_is_lost_and_no_part_is_long(text: str) -> None:
    parts = list(sentences(text, "ru"))
    assert all(0 < len(part) <= LONGEST for part in parts)
    letters = [character for character in text if character.isalnum()]
    assert [character for part in parts for character in part if character.isalnum()] == letters


def test_one_endless_word_is_cut_anywhere() -> None:
    assert [len(part) for part in sentences("а" * 1000, "ru")] == [400, 400, 200]
