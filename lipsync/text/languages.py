"""The supported languages, and their lookup by code or by name in English, Russian or the language itself."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from lipsync.text.errors import UnknownLanguageError


@dataclass(frozen=True)
class Language:
    """A supported language."""

    code: str
    """ISO 639-1 code, e.g. ``kk``."""
    label: str
    """Name of the language in that language, e.g. “Қазақша”."""
    english: str
    """Name in English, e.g. “Kazakh”."""
    russian: str
    """Name in Russian, e.g. “Казахский”."""
    espeak: str
    """Name of the espeak-ng voice, e.g. ``kk``."""


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
"""All supported languages, the most used first. The phones of each are covered by the table of visemes."""

_ALIASES = {
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
    """Find a language by ``name``: ``ru``, ``RU``, ``ru-RU``, ``kk_KZ``, ``Russian``, ``русский``, ``қазақша``.

    Raises UnknownLanguageError.
    """
    key = unicodedata.normalize("NFC", name).strip().casefold()
    index = _index()
    language = index.get(key) or index.get(key.replace("_", "-").split("-")[0])
    if language is None:
        known = ", ".join(language.code for language in LANGUAGES)
        raise UnknownLanguageError("unknown_language", language=_printable(name), known=known)
    return language


def _index() -> dict[str, Language]:
    """Languages by every case-folded code, name and alias."""
    by_code = {language.code: language for language in LANGUAGES}
    index = {alias: by_code[code] for alias, code in _ALIASES.items()}
    for language in LANGUAGES:
        for name in (language.code, language.label, language.english, language.russian):
            index[name.casefold()] = language
    return index


def _printable(name: str) -> str:
    """``name`` shortened and without unprintable characters, to be repeated in an error message."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in name[:40])
