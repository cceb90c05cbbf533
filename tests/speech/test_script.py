from __future__ import annotations

import pytest

from lipsync.errors import LipsyncError
from lipsync.speech.script import script_of


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
    script = script_of(text, language, 100)
    assert (script.language, script.spoken) == (code, spoken)


@pytest.mark.parametrize(
    ("text", "language", "code"),
    [("", "auto", "empty_text"), ("я" * 11, "auto", "text_too_long"), ("да", "xx", "unknown_language")],
)
def test_each_bad_one_has_its_error(text: str, language: str, code: str) -> None:
    with pytest.raises(LipsyncError) as caught:
        script_of(text, language, 10)
    assert caught.value.code == code


def test_what_is_said_may_be_longer_than_what_may_be_written() -> None:
    assert len(script_of("777 777 777", "ru", 11).spoken) > 11
