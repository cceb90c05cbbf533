from __future__ import annotations

import pytest

from lipsync.errors import LipsyncError
from lipsync.text.languages import LANGUAGES, resolve_language


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("ru", "ru"),
        ("RU", "ru"),
        ("ru-RU", "ru"),
        ("kk_KZ", "kk"),
        (" en ", "en"),
        ("en-GB", "en"),
        ("Russian", "ru"),
        ("русский", "ru"),
        ("Казахский", "kk"),
        ("Қазақша", "kk"),
        ("қазақ тілі", "kk"),
        ("українська", "uk"),
        ("УКРАЇНСЬКА", "uk"),
        ("Français", "fr"),
        ("Franc\u0327ais", "fr"),
    ],
)
def test_a_language_is_found_by_code_and_by_name(name: str, code: str) -> None:
    assert resolve_language(name).code == code


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.code)
def test_each_language_is_found_by_each_of_its_names(language) -> None:
    for name in (language.code, language.label, language.english, language.russian):
        assert resolve_language(name) is language
        assert resolve_language(name.upper()) is language


def test_the_promised_ones_are_there() -> None:
    assert {"ru", "en", "uk", "kk"} <= {language.code for language in LANGUAGES}


@pytest.mark.parametrize("name", ["", "xx", "klingon", "../ru", "ru\0", "-", "r" * 10_000])
def test_an_unknown_language_is_reported_with_the_known_ones(name: str) -> None:
    with pytest.raises(LipsyncError) as caught:
        resolve_language(name)
    assert caught.value.code == "unknown_language"
    sentence = caught.value.message("ru")
    assert "ru, en, uk, kk" in sentence
    assert len(sentence) < 250
    assert sentence.isprintable()
