from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lipsync.errors import LipsyncError
from lipsync.text.clean import clean_text


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
    assert caught.value.message("ru").isprintable()


def test_characters_without_sound_are_removed() -> None:
    assert clean_text(" Привет\u200b,\u00ad мир! 👋🏽🇰🇿 ", 100) == "Привет, мир!"
    assert clean_text("1️⃣ 20 °C, №5 ★", 100) == "1 20 °C, №5"


def test_letters_are_composed_and_line_ends_are_one() -> None:
    assert clean_text("е\u0308лка\r\nи\u0306од\u2028да", 100) == "ёлка\nйод\nда"


def test_a_stress_mark_stays() -> None:
    assert clean_text("за\u0301мок", 100) == "за\u0301мок"


@pytest.mark.slow
@given(st.text(max_size=60))
def test_clean_text_returns_speakable_text_or_raises(text: str) -> None:
    try:
        clean = clean_text(text, 50)
    except LipsyncError:
        return
    assert any(character.isalnum() for character in clean)
    assert clean_text(clean, 200) == clean
    clean.encode("utf-8")
