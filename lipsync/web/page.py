"""The page at ``/``."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, Response, make_response, render_template, request

from lipsync.errors import LANGUAGES
from lipsync.file_formats import PICTURES, VIDEOS, FileFormat, endings, media_types
from lipsync.settings import Settings
from lipsync.web.reader import COOKIE, language_of_page
from lipsync.web.words import words


def blueprint(settings: Settings) -> Blueprint:
    """The page, in the reader's language; its switch needs no second request, so it carries both."""
    page = Blueprint("page", __name__)
    said = words()

    @page.get("/")
    def index() -> Response:
        language = language_of_page(request)
        facts = {
            "language": language,
            "cookie": COOKIE,
            "words": said,
            "max_text": settings.max_text,
            "max_upload_mb": settings.max_upload_mb,
            "pictures": _kinds(PICTURES),
            "videos": _kinds(VIDEOS),
        }
        accept = ",".join((*media_types(PICTURES), *endings(PICTURES)))  # until the page knows of Wav2Lip
        response = make_response(
            render_template(
                "index.html",
                language=language,
                languages=LANGUAGES,
                words=said[language],
                facts=facts,
                accept=accept,
            )
        )
        response.headers["Cache-Control"] = "no-cache"
        response.vary.update(("Accept-Language", "Cookie"))
        return response

    return page


def _kinds(formats: Sequence[FileFormat]) -> dict[str, tuple[str, ...]]:
    """The media types and file name endings of some formats, for the page."""
    return {"types": media_types(formats), "endings": endings(formats)}
