from __future__ import annotations

import pytest

from lipsync.errors import LipsyncError
from lipsync.text.script import prepare_script


@pytest.mark.parametrize(
    ("text", "language", "code", "spoken"),
    [
        ("5 км", "ru", "ru", "пять километров"),
        ("5 km", "English", "en", "five kilometres"),
        ("Мені 5 років 😀", "auto", "uk", "Мені п'ять років"),
        ("I am 5.", " AUTO ", "en", "I am five."),
        ("Ich bin 5.", "de", "de", "Ich bin 5."),
    ],
)
def test_a_text_is_understood(text: str, language: str, code: str, spoken: str) -> None:
    script = prepare_script(text, language, 100)
    assert (script.language, script.spoken_text) == (code, spoken)


@pytest.mark.parametrize(
    ("text", "language", "code"),
    [("", "auto", "empty_text"), ("я" * 11, "auto", "text_too_long"), ("да", "xx", "unknown_language")],
)
def test_each_bad_one_has_its_error(text: str, language: str, code: str) -> None:
    with pytest.raises(LipsyncError) as caught:
        prepare_script(text, language, 10)
    assert caught.value.code == code


def test_the_spoken_form_may_exceed_the_limit_of_the_text() -> None:
    assert len(prepare_script("777 777 777", "ru", 11).spoken_text) > 11
