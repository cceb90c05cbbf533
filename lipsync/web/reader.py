"""In which language a reader is spoken to."""

from __future__ import annotations

from contextlib import suppress

from flask import Request, g
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from lipsync.errors import LANGUAGES, LipsyncError
from lipsync.speech.languages import resolve_language

COOKIE = "page_language"
"""Where the page's switch remembers what was chosen."""


def note_spoken(language: object) -> None:
    """Remember which language this request names for its video; anything but a string is no language."""
    g.spoken = language if isinstance(language, str) else ""


def language_of_answer(request: Request) -> str:
    """A code of LANGUAGES for the sentences of the API: the first of ``Accept-Language`` that we have, or, where
    the header names none, Russian for a request that itself names Russian for its video, and English otherwise."""
    accepted = _first(request.accept_languages)
    if accepted:
        return accepted
    try:
        return "ru" if resolve_language(str(g.get("spoken", ""))).code == "ru" else "en"
    except LipsyncError:
        return "en"  # a language that we do not know: that is for the request's own answer to say


def likely_languages(request: Request) -> list[str]:
    """Codes of the languages of ``Accept-Language`` that can be spoken, in order of the reader's preference."""
    codes: list[str] = []
    for tag, quality in request.accept_languages:
        with suppress(LipsyncError):
            if quality > 0:
                codes.append(resolve_language(tag).code)
    return list(dict.fromkeys(codes))


def language_of_page(request: Request) -> str:
    """A code of LANGUAGES for the page: what its switch was set to, or the browser's, or English."""
    chosen = request.cookies.get(COOKIE, "")
    return chosen if chosen in LANGUAGES else _first(request.accept_languages) or "en"


def accepted_language(header: str) -> str | None:
    """The first code of LANGUAGES that a header ``Accept-Language`` names."""
    return _first(parse_accept_header(header, LanguageAccept))


def _first(accepted: LanguageAccept) -> str | None:
    named = [(tag, quality) for tag, quality in accepted if tag != "*" and quality > 0]
    for tag, _ in named:  # in order of the reader's preference
        code = tag.lower().partition("-")[0]
        if code in LANGUAGES:
            return code
    return None
