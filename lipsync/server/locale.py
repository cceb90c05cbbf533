"""The language of an answer: by the request's headers, cookie and fields."""

from __future__ import annotations

from contextlib import suppress

from flask import Request, g
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from lipsync.errors import LipsyncError
from lipsync.messages import DEFAULT_LANGUAGE, LANGUAGES, first_language
from lipsync.text.languages import resolve_language

COOKIE = "page_language"
"""Where the page's switch remembers what was chosen."""


def remember_request_language(language: object) -> None:
    """Remember which language this request names for its video; anything but a string is ignored."""
    g.spoken = language if isinstance(language, str) else ""


def answer_language(request: Request) -> str:
    """A code of LANGUAGES for the messages of the API: the first of ``Accept-Language`` that has a catalogue; where
    the header names none, the language that the request names for its video; else English."""
    accepted = _first(request.accept_languages)
    if accepted:
        return accepted
    try:
        return first_language([resolve_language(str(g.get("spoken", ""))).code]) or DEFAULT_LANGUAGE
    except LipsyncError:
        return DEFAULT_LANGUAGE  # an unknown language: the request's own answer reports it


def likely_languages(request: Request) -> list[str]:
    """Codes of the languages of ``Accept-Language`` that can be spoken, in order of the reader's preference."""
    codes: list[str] = []
    for tag, quality in request.accept_languages:
        with suppress(LipsyncError):
            if quality > 0:
                codes.append(resolve_language(tag).code)
    return list(dict.fromkeys(codes))


def page_language(request: Request) -> str:
    """A code of LANGUAGES for the page: what its switch was set to, or the browser's, or English."""
    chosen = request.cookies.get(COOKIE, "")
    return chosen if chosen in LANGUAGES else _first(request.accept_languages) or DEFAULT_LANGUAGE


def accepted_language(header: str) -> str | None:
    """The first code of LANGUAGES that a header ``Accept-Language`` names."""
    return _first(parse_accept_header(header, LanguageAccept))


def _first(accepted: LanguageAccept) -> str | None:
    return first_language(tag for tag, quality in accepted if quality > 0)  # in order of the reader's preference
