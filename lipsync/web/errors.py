"""Every error of the API leaves as ``{"error": sentence, "code": code}``, below /v1 as OpenAI has it; elsewhere it is
the bare sentence."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from typing import Literal

from flask import Flask, Response, g, jsonify, request
from werkzeug.exceptions import HTTPException

from lipsync.errors import LipsyncError
from lipsync.web.answers import OpenAIError, OpenAIProblem, Problem
from lipsync.web.reader import language_of_answer, language_of_page

log = logging.getLogger(__name__)

_CODES = {404: "not_found", 405: "wrong_method", 415: "wrong_type", 416: "bad_range"}
"""Ours for werkzeug's statuses; any other 4xx is bad_request."""

_CHALLENGES = {
    "no_key": 'Bearer realm="lipsync"',
    "wrong_key": 'Bearer realm="lipsync", error="invalid_token"',
    "not_allowed": 'Bearer realm="lipsync", error="insufficient_scope"',
}
"""``WWW-Authenticate`` as RFC 6750 has it."""

DRAIN = 10
"""How many times the limit of a too large body is read and dropped."""

RETRY_AFTER = 2
"""Seconds after which a client may ask again, where the error knows no better: a loading service, for one."""


def answer(error: LipsyncError, status: int | None = None) -> Response:
    """The response that says ``error``, with its own status unless another is given."""
    g.problem = error  # for lipsync/web/sight/incidents.py
    form = form_of(request.path)
    if form == "openai":
        response = jsonify(openai_problem(error, language_of_answer(request), status).model_dump())
    elif form == "json":
        response = jsonify(problem(error, language_of_answer(request)).model_dump())
    else:
        response = Response(error.sentence(language_of_page(request)), mimetype="text/plain")
    response.status_code = status or error.status
    if response.status_code in (429, 503):
        seconds = error.facts.get("seconds")
        response.headers["Retry-After"] = str(math.ceil(seconds) if isinstance(seconds, int | float) else RETRY_AFTER)
    if challenge := _CHALLENGES.get(error.code):
        response.headers["WWW-Authenticate"] = challenge
    response.headers["Cache-Control"] = "no-store"
    response.vary.add("Accept-Language")
    return response


def form_of(path: str) -> Literal["json", "openai", "text"]:
    """How an error is written at this address."""
    if path.startswith("/v1/"):
        return "openai"
    return "json" if path.startswith("/api/") or path in ("/api", "/login") else "text"


def problem(error: LipsyncError, language: str) -> Problem:
    """``error`` as the API has it, with a sentence in ``language``."""
    return Problem(error=_sentence(error, language), code=error.code)


def openai_problem(error: LipsyncError, language: str, status: int | None = None) -> OpenAIProblem:
    """``error`` as OpenAI's interface has it, with a sentence in ``language``."""
    mine = (status or error.status) >= 500
    return OpenAIProblem(
        error=OpenAIError(
            message=_sentence(error, language),
            type="server_error" if mine else "invalid_request_error",
            param=str(error.facts["field"]) if error.code == "bad_field" else None,
            code=error.code,
        )
    )


def _sentence(error: LipsyncError, language: str) -> str:
    """What a request holds may be quoted in the sentence, and not all of it can be written as UTF-8."""
    return error.sentence(language).encode("utf-8", "backslashreplace").decode()


def register(app: Flask, max_upload_mb: float) -> None:
    """Answer the errors of ``app`` so; ``max_upload_mb`` is the limit that a body over it is told."""
    app.register_error_handler(LipsyncError, _ours)
    app.register_error_handler(HTTPException, _http(app, max_upload_mb))
    app.register_error_handler(Exception, _unforeseen)


def _ours(error: LipsyncError) -> Response:
    if error.status == 500:
        log.error("%s", error, exc_info=error)
    return answer(error)


def _http(app: Flask, max_upload_mb: float) -> Callable[[HTTPException], Response]:
    def handle(error: HTTPException) -> Response:
        status = error.code or 500
        if status < 400:  # a redirect to the same address without a slash
            return app.make_response(error.get_response(request.environ))
        if status == 413:
            _drain(app.config["MAX_CONTENT_LENGTH"] * DRAIN)
            # Only a file makes a form that large.
            code = "file_too_large" if request.mimetype == "multipart/form-data" else "body_too_large"
            return answer(LipsyncError(code, limit=f"{max_upload_mb:g}"))
        if status >= 500:
            return _unforeseen(error)
        response = answer(LipsyncError(_CODES.get(status, "bad_request")), status)
        for name, value in error.get_headers(request.environ):
            if name in ("Allow", "Content-Range"):
                response.headers[name] = value
        return response

    return handle


def _unforeseen(error: Exception) -> Response:
    log.error("unforeseen", exc_info=error)
    return answer(LipsyncError("internal", request=g.request_id))


def _drain(most: int) -> None:
    """Read the rest of the body: many a client (Python's own) looks at an answer only when it has sent all,
    and would report a broken connection."""
    if not request.environ.get("wsgi.input_terminated"):
        return  # such a server does not say where the body ends: to read on could wait for ever
    rest = request.environ["wsgi.input"]
    while most > 0 and (piece := rest.read(min(most, 65_536))):
        most -= len(piece)
