"""Looks messages up in ``locales/<language>.mo``, which are compiled from the ``.po`` files beside them.

A message with several forms (one video, two videos) is chosen by the number in one of its placeholders: COUNTED names
the placeholder.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from gettext import GNUTranslations
from importlib.resources import files
from typing import Protocol, runtime_checkable

from lipsync.messages.languages import DEFAULT_LANGUAGE, LANGUAGES, PLURAL_CATEGORIES

COUNTED = {
    "cause.too_slow": "seconds",
    "cli.frames": "count",
    "doctor.for_cores": "count",
    "error.queue_full": "waiting",
    "error.remote_resting": "seconds",
    "error.sound_too_long": "limit",
    "error.text_too_long": "length",
    "error.too_many_jobs": "waiting",
    "error.too_many_requests": "seconds",
    "error.too_many_uploads": "seconds",
    "error.too_many_voices": "limit",
    "error.voice_length": "characters",
    "field.max_characters": "limit",
    "field.min_bytes": "limit",
    "page.character_count": "n",
    "page.character_limit": "n",
    "sound.too_many_bytes": "limit",
}
"""Messages with several forms, each with the placeholder whose number chooses the form."""

_FRACTION_FORM = 2
"""The form of a fraction is that of two: “1.5 seconds”, «1,5 секунды»."""


@runtime_checkable
class HasText(Protocol):
    """A fact that is a sentence itself, as :class:`lipsync.messages.Message` is."""

    def text(self, language: str) -> str:
        """The sentence in ``language``."""
        ...


def translate(message_id: str, language: str, facts: Mapping[str, object] | None = None) -> str:
    """The message in ``language`` with ``facts`` in its placeholders; in English for other languages.

    The items of a list are joined by commas, a float is written without trailing zeros. Raises KeyError for a
    placeholder without a fact.
    """
    facts = facts or {}
    catalogue = _catalogue(language)
    if message_id in COUNTED:
        form = catalogue.ngettext(message_id, message_id, _count(facts[COUNTED[message_id]]))
    else:
        form = catalogue.gettext(message_id)
    return form.format_map({name: _text(fact, language) for name, fact in facts.items()})


def template(message_id: str, language: str) -> str | dict[str, str]:
    """The message with its placeholders; one with several forms as forms by plural category, which always include
    ``other`` (the form of fractions), as ``Intl.PluralRules`` names them."""
    catalogue = _catalogue(language)
    if message_id not in COUNTED:
        return catalogue.gettext(message_id)
    categories = PLURAL_CATEGORIES[language if language in LANGUAGES else DEFAULT_LANGUAGE]
    forms = catalogue.forms(message_id)
    return {"other": catalogue.ngettext(message_id, message_id, _FRACTION_FORM)} | dict(
        zip(categories, forms, strict=True)
    )


def section(name: str, language: str) -> dict[str, str | dict[str, str]]:
    """The templates of all messages whose ids begin with ``name.``, by the rest of the id."""
    prefix = f"{name}."
    ids = sorted(message_id for message_id in _catalogue(DEFAULT_LANGUAGE).ids() if message_id.startswith(prefix))
    return {message_id.removeprefix(prefix): template(message_id, language) for message_id in ids}


class Catalogue(GNUTranslations):
    """The messages of one language, which can also be listed."""

    _catalog: dict[str | tuple[str, int], str]  # of GNUTranslations: by id, or by id and number of the form

    def ids(self) -> set[str]:
        """The ids of all messages."""
        return {key if isinstance(key, str) else key[0] for key in self._catalog if key}

    def forms(self, message_id: str) -> list[str]:
        """The plural forms of a message, in the order of the file."""
        found = {key[1]: form for key, form in self._catalog.items() if key[:1] == (message_id,)}
        return [found[index] for index in sorted(found)]


@cache
def _catalogue(language: str) -> Catalogue:
    known = language if language in LANGUAGES else DEFAULT_LANGUAGE
    with (files("lipsync.messages") / "locales" / f"{known}.mo").open("rb") as file:
        catalogue = Catalogue(file)
    if known != DEFAULT_LANGUAGE:
        catalogue.add_fallback(_catalogue(DEFAULT_LANGUAGE))
    return catalogue


def _text(fact: object, language: str) -> str:
    if isinstance(fact, HasText):
        return fact.text(language)
    if isinstance(fact, list | tuple):
        return ", ".join(_text(item, language) for item in fact)
    if isinstance(fact, float):
        return f"{fact:.3f}".rstrip("0").rstrip(".")
    return str(fact)


def _count(fact: object) -> int:
    number = float(str(fact))
    return int(number) if number.is_integer() else _FRACTION_FORM
