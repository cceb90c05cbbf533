"""The catalogues are complete: the same messages, placeholders and plural forms in each language, compiled."""

from __future__ import annotations

import re
import shutil
import string
from functools import cache
from importlib.resources import files
from pathlib import Path

import pytest
from babel import Locale
from babel.messages.catalog import Catalog

from lipsync.messages import DEFAULT_LANGUAGE, LANGUAGES
from lipsync.messages.catalogue import COUNTED, Catalogue
from lipsync.messages.languages import PLURAL_CATEGORIES
from tools import messages as tool

TRANSLATIONS = [language for language in LANGUAGES if language != DEFAULT_LANGUAGE]
FRAGMENTS = ("list", "field", "cause", "looks", "network", "finding", "source", "remedy", "sound", "state")
"""First parts of the ids of messages that are inserted into others."""
LETTERS = {"ru": "[а-яё]", "uk": "[а-яєіїґ]", "kk": "[а-яәғқңөұүһі]"}
NOT_ITS_LETTERS = {"en": "[а-яёәіїєґқ]", "ru": "[әғқңөұүһіїєґ]", "uk": "[ыэёъәғқңөұүһ]", "kk": "[їєґ]"}


@cache
def messages(language: str) -> dict[str, list[str]]:
    """The forms of each message in the .po file."""
    catalogue = tool.read_catalogue(tool.LOCALES / f"{language}.po")
    return {tool.message_id(message): tool.forms(message) for message in catalogue if message.id}


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


ENGLISH = messages(DEFAULT_LANGUAGE)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_is_translated(language: str) -> None:
    catalogue = tool.read_catalogue(tool.LOCALES / f"{language}.po")
    found = messages(language)
    assert list(found) == list(ENGLISH)
    assert [name for name, texts in found.items() if not all(text.strip() for text in texts)] == []
    assert [tool.message_id(message) for message in catalogue if message.id and message.fuzzy] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_forms_follow_the_plural_rules_of_the_language(language: str) -> None:
    catalogue: Catalog = tool.read_catalogue(tool.LOCALES / f"{language}.po")
    categories = PLURAL_CATEGORIES[language]
    assert catalogue.num_plurals == len(categories)
    with (tool.LOCALES / f"{language}.mo").open("rb") as file:
        compiled = Catalogue(file)
    rule = Locale(language).plural_form
    for number in range(200):
        category = rule(number)
        if language == "kk":  # a noun keeps its singular after any number
            category = "other"
        form = compiled.plural(number)  # type: ignore[attr-defined]
        assert categories[form] == category, number
    for name, forms in messages(language).items():
        assert len(forms) == (len(categories) if name in COUNTED else 1), name


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_placeholders_are_the_same_in_every_language(language: str) -> None:
    for name, forms in messages(language).items():
        needed = placeholders(ENGLISH[name][-1])
        assert all(placeholders(form) == needed for form in forms), name
        assert COUNTED.get(name) in {None, *needed}, name


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_compiled_catalogue_is_that_of_the_source(language: str) -> None:
    with (files("lipsync.messages") / "locales" / f"{language}.mo").open("rb") as file:
        compiled = Catalogue(file)
    expected = messages(language)
    assert compiled.ids() == set(expected)
    for name, forms in expected.items():
        assert (compiled.forms(name) or [compiled.gettext(name)]) == forms, name


def test_the_widget_carries_the_messages_of_the_catalogues() -> None:
    assert tool.WIDGET.read_text("utf-8") == tool.widget_messages(), "python -m tools.messages was not run"


def test_the_tool_has_nothing_to_do(tmp_path: Path) -> None:
    folder = shutil.copytree(tool.LOCALES, tmp_path / "locales")
    assert tool.main(folder) == 0
    for language in LANGUAGES:
        assert without_header(folder, language) == without_header(tool.LOCALES, language)


def test_the_tool_marks_the_translations_of_a_changed_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = shutil.copytree(tool.LOCALES, tmp_path / "locales")
    source = folder / "en.po"
    source.write_text(source.read_text().replace('"There is no such job."', '"This job does not exist."'))
    assert tool.main(folder) == 1
    assert "kk.po: error.job_unknown" in capsys.readouterr().out
    assert '#, fuzzy\nmsgid "error.job_unknown"' in (folder / "kk.po").read_text()


def without_header(folder: Path, language: str) -> str:
    """The .po file without its first entry, which names the release of Babel."""
    return (folder / f"{language}.po").read_text().partition("\n\n")[2]


@pytest.mark.parametrize("language", TRANSLATIONS)
def test_a_translation_is_written_in_its_alphabet(language: str) -> None:
    neutral = re.compile(r"^[^a-zа-я]*$|^(auto|Ctrl)|Wav2Lip|API|https?://|redis://", re.IGNORECASE)
    for name, forms in messages(language).items():
        for form in forms:
            bare = re.sub(r"\{\w+\}", "", form)
            assert re.search(LETTERS[language], bare, re.IGNORECASE) or neutral.search(bare) or len(bare) < 4, name


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_letter_of_another_language_has_slipped_in(language: str) -> None:
    for name, forms in messages(language).items():
        if name not in ("page.language_name",):
            found = re.findall(NOT_ITS_LETTERS[language], " ".join(forms), re.IGNORECASE)
            assert not found, f"{name}: {found}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_error_is_a_sentence_and_a_fragment_is_not(language: str) -> None:
    for name, forms in messages(language).items():
        kind = name.partition(".")[0]
        for form in forms:
            if kind == "error":
                assert form[-1] in ".?…}", name
                assert form[0].isupper() or form[0] in "{“«" or form.startswith(("whsec_", "lipsync")), name
            if kind in FRAGMENTS:
                assert not form.endswith("."), name
