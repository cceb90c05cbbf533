"""Looking messages up: placeholders, plural forms, lists, nested messages; the choice of a language."""

from __future__ import annotations

import json

import pytest

from lipsync.messages import (
    LANGUAGES,
    Message,
    alternatives,
    first_language,
    language_of_locale,
    section,
    template,
    translate,
)
from lipsync.messages.message import from_plain

COUNTS = {
    "en": {0: "0 characters", 1: "1 character", 2: "2 characters", 5: "5 characters", 21: "21 characters"},
    "ru": {0: "0 символов", 1: "1 символ", 2: "2 символа", 5: "5 символов", 11: "11 символов", 21: "21 символ"},
    "uk": {0: "0 символів", 1: "1 символ", 2: "2 символи", 5: "5 символів", 11: "11 символів", 21: "21 символ"},
    "kk": {0: "0 таңба", 1: "1 таңба", 2: "2 таңба", 5: "5 таңба", 21: "21 таңба"},
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_number_chooses_the_plural_form(language: str) -> None:
    for number, text in COUNTS[language].items():
        assert translate("page.character_count", language, {"n": number}) == text


def test_the_number_may_be_written_as_a_string_and_may_be_a_fraction() -> None:
    assert translate("error.sound_too_long", "ru", {"limit": "600"}).startswith("Запись длиннее 600 секунд.")
    assert translate("page.character_count", "ru", {"n": 1.5}) == "1.5 символа"
    assert translate("page.character_count", "en", {"n": 1.0}) == "1 character"


def test_the_page_gets_the_forms_by_plural_category() -> None:
    assert template("page.character_count", "en") == {"one": "{n} character", "other": "{n} characters"}
    assert template("page.character_count", "uk") == {
        "one": "{n} символ",
        "few": "{n} символи",
        "many": "{n} символів",
        "other": "{n} символи",
    }
    assert template("page.character_count", "kk") == {"other": "{n} таңба"}
    assert section("page", "kk")["generate"] == "Бейне жасау"


def test_a_message_may_be_a_fact_of_another_and_lists_are_joined() -> None:
    expected = Message("field.one_of", known=["vtt", "srt"])
    error = Message("error.bad_field", field="subtitles", expected=expected)
    assert error.text("en") == "“subtitles” is invalid: must be one of: vtt, srt."
    assert error.text("kk") == "«subtitles» қате көрсетілген: мына мәндердің бірі керек: vtt, srt."
    assert str(error) == error.text("en")


def test_alternatives_are_joined_as_the_language_joins_them() -> None:
    choice = Message("error.not_a_video", formats=alternatives(["MP4", "MOV", "WebM"]))
    assert "MP4, MOV or WebM." in choice.text("en")
    assert "MP4, MOV или WebM." in choice.text("ru")
    assert "MP4, MOV або WebM." in choice.text("uk")
    assert "MP4, MOV немесе WebM." in choice.text("kk")
    assert alternatives(["MP4"]) == "MP4"


def test_braces_in_a_fact_are_no_placeholders() -> None:
    assert "“{voice.__class__}”" in translate(
        "error.unknown_voice", "en", {"voice": "{voice.__class__}", "known": []}
    )


def test_numbers_are_written_plainly() -> None:
    facts = {"minimum": 0.25, "maximum": 4.0}
    assert translate("field.number_range", "en", facts) == "must be a number from 0.25 to 4"


def test_an_unknown_language_gets_english_and_a_missing_fact_is_an_error() -> None:
    assert translate("error.job_unknown", "fr") == "There is no such job."
    with pytest.raises(KeyError):
        translate("error.unknown_voice", "en", {"voice": "x"})


def test_a_message_survives_being_stored() -> None:
    looks = Message("looks.with_size", looks=Message("looks.text"), size=5, expected=7)
    message = Message("error.wrong_sum", file="a\ud800", model="m", looks=looks, found="f", expected=["x", "y"])
    stored = Message.from_json(json.loads(json.dumps(message.as_json())))
    assert stored.facts["looks"] == looks
    assert stored.text("uk") == message.text("uk").replace("\ud800", "\\ud800")


@pytest.mark.parametrize(
    ("tags", "language"),
    [
        (["kk-KZ", "ru"], "kk"),
        (["de", "uk"], "uk"),
        (["RU_RU.UTF-8"], "ru"),
        (["*", "en"], "en"),
        (["kkk"], None),
        ([], None),
    ],
)
def test_the_first_tag_of_a_known_language_counts(tags: list[str], language: str | None) -> None:
    assert first_language(tags) == language


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "ru_RU.UTF-8"}, "ru"),
        ({"LANG": "uk_UA.UTF-8"}, "uk"),
        ({"LANG": "kk_KZ"}, "kk"),
        ({"LANG": "ru_RU.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "de_DE", "LC_MESSAGES": "ru"}, "ru"),
        ({"LANG": "ru", "LC_ALL": ""}, "ru"),
    ],
)
def test_the_terminal_s_language_is_that_of_its_locale(environment: dict[str, str], language: str) -> None:
    assert language_of_locale(environment) == language


def test_facts_that_version_0_1_stored_by_language_are_read() -> None:
    assert from_plain({"en": "a number", "ru": "число"}) == "a number"
