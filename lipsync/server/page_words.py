"""The messages of the pages, for their templates and scripts."""

from __future__ import annotations

from functools import cache

from lipsync.face.errors import not_a_picture
from lipsync.messages import LANGUAGES, section, template
from lipsync.storage.file_formats import PICTURES, VIDEOS, names

Words = dict[str, dict[str, str | dict[str, str]]]
"""By language and key: a template with ``{placeholders}``, or several by plural category, chosen by ``{n}``."""

LANGUAGE_NAMES = {language: str(template("page.language_name", language)) for language in LANGUAGES}
"""Languages of the page: code, and name in that language."""

_ERRORS = ("file_too_large", "video_needs_wav2lip", "sound_only")
"""Errors that the page finds by itself, before it sends a file."""


@cache
def words() -> Words:
    """The messages of the page, and under ``error_…`` the errors that the page finds by itself."""
    return {language: _page(language) for language in LANGUAGES}


_ON_BOTH_PAGES = (
    *("page_language", "needs_script", "network_error", "http_error"),
    *("key_label", "key_hint", "key_empty", "sign_in", "sign_out", "delete_confirm"),
)
"""Messages of the page at ``/`` that the page at ``/talk`` shows too."""


@cache
def talk_words() -> Words:
    """The messages of the page at ``/talk``."""
    pages = {language: section("page", language) for language in LANGUAGES}
    return {
        language: {**{key: pages[language][key] for key in _ON_BOTH_PAGES}, **section("talk", language)}
        for language in LANGUAGES
    }


@cache
def admin_words() -> Words:
    """The messages of the admin page."""
    return {language: section("admin", language) for language in LANGUAGES}


def _page(language: str) -> dict[str, str | dict[str, str]]:
    formats = {"{pictures}": names(PICTURES), "{videos}": names(VIDEOS)}
    messages = section("page", language)
    del messages["language_name"]  # LANGUAGE_NAMES
    for key, text in messages.items():
        if isinstance(text, str):
            for placeholder, listed in formats.items():
                text = text.replace(placeholder, listed)  # noqa: PLW2901 - both replacements count
            messages[key] = text
    errors = {f"error_{code}": template(f"error.{code}", language) for code in _ERRORS}
    return {**messages, **errors, "error_not_a_picture": not_a_picture(None).message(language)}
