"""The languages of the catalogues, and the choice among them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

PLURAL_CATEGORIES: dict[str, tuple[str, ...]] = {
    "en": ("one", "other"),
    "ru": ("one", "few", "many"),
    "uk": ("one", "few", "many"),
    "kk": ("other",),
}
"""Languages (ISO 639-1) in the order in which the page offers them, each with the plural categories of Unicode CLDR
for whole numbers, in the order of ``msgstr[0]``, ``msgstr[1]``, … of its catalogue."""

LANGUAGES = tuple(PLURAL_CATEGORIES)
"""Codes of the languages that have a catalogue."""

DEFAULT_LANGUAGE = "en"
"""The language for readers who read none of LANGUAGES."""


def first_language(tags: Iterable[str]) -> str | None:
    """The first of LANGUAGES that a language tag names (``kk``, ``kk-KZ``, ``kk_KZ.UTF-8``); None if none does."""
    codes = (re.split(r"[-_.@]", tag.strip().lower())[0] for tag in tags)
    return next((code for code in codes if code in LANGUAGES), None)


def locale_name(environment: Mapping[str, str]) -> str:
    """The locale of messages: the first POSIX variable that is set, for example ``kk_KZ.UTF-8``; empty if none is."""
    return next((environment[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environment.get(name)), "")


def language_of_locale(environment: Mapping[str, str]) -> str:
    """The language for a terminal: that of its locale where it has a catalogue, else English."""
    return first_language([locale_name(environment)]) or DEFAULT_LANGUAGE
