"""The languages that can be spoken, found by code or by name in English, Russian or the language itself."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from lipsync.errors import LipsyncError


@dataclass(frozen=True)
class Language:
    """One language."""

    code: str
    """ISO 639-1: ``kk``."""
    label: str
    """Its name in the language itself, as a page shows it: ``Қазақша``."""
    english: str
    """Its name in English: ``Kazakh``."""
    russian: str
    """Its name in Russian: ``Казахский``."""
    espeak: str
    """Name of espeak-ng's voice: ``kk``."""


LANGUAGES: tuple[Language, ...] = (
    Language("ru", "Русский", "Russian", "Русский", "ru"),
    Language("en", "English", "English", "Английский", "en-us"),
    Language("uk", "Українська", "Ukrainian", "Украинский", "uk"),
    Language("kk", "Қазақша", "Kazakh", "Казахский", "kk"),
    Language("be", "Беларуская", "Belarusian", "Белорусский", "be"),
    Language("uz", "Oʻzbekcha", "Uzbek", "Узбекский", "uz"),
    Language("ka", "ქართული", "Georgian", "Грузинский", "ka"),
    Language("de", "Deutsch", "German", "Немецкий", "de"),
    Language("fr", "Français", "French", "Французский", "fr"),
    Language("es", "Español", "Spanish", "Испанский", "es"),
    Language("it", "Italiano", "Italian", "Итальянский", "it"),
    Language("pt", "Português", "Portuguese", "Португальский", "pt-br"),
    Language("pl", "Polski", "Polish", "Польский", "pl"),
    Language("cs", "Čeština", "Czech", "Чешский", "cs"),
    Language("tr", "Türkçe", "Turkish", "Турецкий", "tr"),
)
"""Every language whose sounds have been checked against the table of mouth shapes, the most used first."""

_OTHER_NAMES = {
    "по-русски": "ru",
    "rus": "ru",
    "по-английски": "en",
    "eng": "en",
    "украінська": "uk",
    "ukr": "uk",
    "ua": "uk",
    "қазақ": "kk",
    "қазақ тілі": "kk",
    "kaz": "kk",
    "kz": "kk",
    "o'zbek": "uz",
    "o'zbekcha": "uz",
    "brazilian portuguese": "pt",
    "cz": "cs",
}


def resolve_language(name: str) -> Language:
    """The language called ``name``: ``ru``, ``RU``, ``ru-RU``, ``kk_KZ``, ``Russian``, ``русский``, ``қазақша``.

    Raises LipsyncError ``unknown_language``.
    """
    asked = unicodedata.normalize("NFC", name).strip().casefold()
    index = _index()
    language = index.get(asked) or index.get(asked.replace("_", "-").split("-")[0])
    if language is None:
        known = ", ".join(language.code for language in LANGUAGES)
        raise LipsyncError("unknown_language", language=_shown(name), known=known)
    return language


def _index() -> dict[str, Language]:
    by_code = {language.code: language for language in LANGUAGES}
    index = {other: by_code[code] for other, code in _OTHER_NAMES.items()}
    for language in LANGUAGES:
        for name in (language.code, language.label, language.english, language.russian):
            index[name.casefold()] = language
    return index


def _shown(name: str) -> str:
    """``name`` as an error may repeat it: short, and nothing that a terminal or JSON chokes on."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in name[:40])
