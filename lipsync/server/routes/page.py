"""The pages at ``/`` and ``/talk``."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, Response, make_response, render_template, request

from lipsync.face.framing import read_size
from lipsync.server.locale import COOKIE, page_language
from lipsync.server.page_words import LANGUAGE_NAMES, talk_words, words
from lipsync.settings import Settings
from lipsync.storage.file_formats import PICTURES, VIDEOS, FileFormat, endings, media_types
from lipsync.text.mood_lexicon import mood_names

_SIZES = ("1080x1080", "720x1280", "1280x720")
"""Sizes of a video that the page offers."""


def blueprint(settings: Settings) -> Blueprint:
    """The pages in the reader's language. They carry the messages of every language."""
    page = Blueprint("page", __name__)
    messages = words()
    sizes = [size for size in _SIZES if max(read_size(size) or ()) <= settings.max_side]

    @page.get("/")
    def index() -> Response:
        language = page_language(request)
        config = {
            "language": language,
            "cookie": COOKIE,
            "messages": messages,
            "max_text": settings.max_text,
            "mood": settings.mood,
            "motion": settings.motion,
            "mood_names": [*mood_names()],
            "max_upload_mb": settings.max_upload_mb,
            "pictures": _kinds(PICTURES),
            "videos": _kinds(VIDEOS),
        }
        accept = ",".join((*media_types(PICTURES), *endings(PICTURES)))  # until the page knows of Wav2Lip
        return _response(
            render_template(
                "studio.html",
                language=language,
                languages=LANGUAGE_NAMES,
                messages=messages[language],
                config=config,
                accept=accept,
                sizes=sizes,
            )
        )

    @page.get("/talk")
    def talk() -> Response:
        language, messages = page_language(request), talk_words()
        config = {"language": language, "cookie": COOKIE, "messages": messages}
        return _response(
            render_template(
                "talk.html",
                language=language,
                languages=LANGUAGE_NAMES,
                messages=messages[language],
                config=config,
            )
        )

    return page


def _response(html: str) -> Response:
    response = make_response(html)
    response.headers["Cache-Control"] = "no-cache"
    response.vary.update(("Accept-Language", "Cookie"))
    return response


def _kinds(formats: Sequence[FileFormat]) -> dict[str, tuple[str, ...]]:
    """The media types and file name endings of some formats, for the page."""
    return {"types": media_types(formats), "endings": endings(formats)}
