"""Every error of the API leaves as ``{"error": sentence, "code": code, "field"?: name}``, below /v1 as OpenAI has it;
elsewhere it is the bare sentence."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from typing import Literal

from flask import Flask, Response, g, jsonify, request
from werkzeug.exceptions import HTTPException

from lipsync.errors import SERVER_FAULTS, InternalError, LipsyncError
from lipsync.server.error_fields import field_of
from lipsync.server.locale import answer_language, page_language
from lipsync.server.request_errors import RequestError
from lipsync.server.responses import OpenAIError, OpenAIProblem, Problem
from lipsync.storage.errors import StorageError

log = logging.getLogger(__name__)

_STATUSES: dict[int, tuple[str, ...]] = {
    401: ("no_key", "wrong_key", "wrong_ticket"),
    403: ("not_allowed", "other_site"),
    404: ("conversation_unknown", "job_unknown", "key_unknown", "no_cues", "no_subtitles", "not_found"),
    405: ("wrong_method",),
    408: ("request_too_slow",),
    409: ("job_cancelled", "job_not_done", "too_many_voices", "voice_exists"),
    410: ("answer_gone", "video_gone"),
    413: (
        "body_too_large",
        "file_too_large",
        "picture_too_large",
        "render_too_large",
        "sound_too_long",
        "text_too_long",
        "video_too_large",
        "video_too_long",
    ),
    415: ("not_a_picture", "not_a_sound", "not_a_video", "sound_only", "wrong_type"),
    416: ("bad_range",),
    422: (
        "face_too_small",
        "face_turned",
        "hearing_language",
        "idempotency_reused",
        "mouth_covered",
        "mouth_open",
        "no_face",
        "no_speech",
        "no_stream",
        "no_steady_face",
        "nothing_heard",
        "picture_unreachable",
        "sample_clipped",
        "sample_too_quiet",
        "sample_too_short",
        "several_speakers",
        "video_needs_wav2lip",
        "voice_cannot_say",
    ),
    429: ("too_many_jobs", "too_many_requests"),
    502: (
        "llm_broke_off",
        "llm_crashed",
        "llm_empty",
        "llm_no_model",
        "llm_refused",
        "llm_unreachable",
        "remote_not_sound",
        "remote_private",
        "remote_refused",
        "remote_unreachable",
    ),
    503: (
        "database_busy",
        "failed_to_load",
        "hearing_broken_weights",
        "hearing_incomplete_weights",
        "hearing_no_weights",
        "hearing_not_installed",
        "llm_resting",
        "not_ready",
        "queue_full",
        "remote_resting",
        "stopping",
        "tokens_unchecked",
        "too_many_streams",
        "too_many_talks",
        "too_many_uploads",
        "vram_full",
    ),
    504: ("hearing_slow", "llm_slow", "remote_slow"),
}
"""HTTP statuses with the error codes that they answer. Other codes are answered 500 where the server is at fault
(:data:`lipsync.errors.SERVER_FAULTS`), and 400 where the request is."""
_BY_CODE = {code: status for status, codes in _STATUSES.items() for code in codes}

_CODES = {404: "not_found", 405: "wrong_method", 415: "wrong_type", 416: "bad_range"}
"""Ours for werkzeug's statuses; any other 4xx is bad_request."""

_UPLOADS = {"/api/v1/avatar/interact": "audio", "/api/voices": "sound", "/v1/audio/transcriptions": "file"}
"""Name of the form's file by path; ``image`` elsewhere."""

_CHALLENGES = {
    "no_key": 'Bearer realm="lipsync"',
    "wrong_key": 'Bearer realm="lipsync", error="invalid_token"',
    "not_allowed": 'Bearer realm="lipsync", error="insufficient_scope"',
}
"""``WWW-Authenticate`` as RFC 6750 has it."""

_OPENAI_FIELDS = {"text": "input", "sound": "file"}
"""Our fields that OpenAI's interface calls otherwise."""

RETRY_AFTER = 2
"""Seconds after which a client may ask again, where the error knows no better: a loading service, for one."""


def answer(error: LipsyncError, status: int | None = None) -> Response:
    """The response that says ``error``, with its own status unless another is given."""
    g.problem = error  # for lipsync/server/monitoring/recent_errors.py
    form = form_of(request.path)
    if form == "openai":
        response = jsonify(openai_problem(error, answer_language(request), status).model_dump())
    elif form == "json":
        response = jsonify(problem(error, answer_language(request)).model_dump(exclude_none=True))
    else:
        response = Response(error.message(page_language(request)), mimetype="text/plain")
    response.status_code = status or status_of(error)
    if response.status_code in (429, 503):
        seconds = error.facts.get("seconds")
        response.headers["Retry-After"] = str(math.ceil(seconds) if isinstance(seconds, int | float) else RETRY_AFTER)
    if challenge := _CHALLENGES.get(error.code):
        response.headers["WWW-Authenticate"] = challenge
    response.headers["Cache-Control"] = "no-store"
    response.vary.add("Accept-Language")
    return response


def status_of(error: LipsyncError) -> int:
    """The HTTP status of ``error``."""
    return status_of_code(error.code)


def status_of_code(code: str) -> int:
    """The HTTP status of an error code."""
    return _BY_CODE.get(code, 500 if code in SERVER_FAULTS else 400)


def form_of(path: str) -> Literal["json", "openai", "text"]:
    """How an error is written at this address."""
    if path.startswith("/v1/"):
        return "openai"
    return "json" if path.startswith("/api/") or path in ("/api", "/login") else "text"


def problem(error: LipsyncError, language: str) -> Problem:
    """``error`` as the API has it, with a sentence in ``language``."""
    return Problem(error=_sentence(error, language), code=error.code, field=field_of(error))


def openai_problem(error: LipsyncError, language: str, status: int | None = None) -> OpenAIProblem:
    """``error`` as OpenAI's interface has it, with a sentence in ``language``."""
    mine = (status or status_of(error)) >= 500
    field = field_of(error)
    return OpenAIProblem(
        error=OpenAIError(
            message=_sentence(error, language),
            type="server_error" if mine else "invalid_request_error",
            param=_OPENAI_FIELDS.get(field, field) if field else None,
            code=error.code,
        )
    )


def _sentence(error: LipsyncError, language: str) -> str:
    """What a request holds may be quoted in the sentence, and not all of it can be written as UTF-8."""
    return error.message(language).encode("utf-8", "backslashreplace").decode()


def register(app: Flask, max_upload_mb: float) -> None:
    """Answer the errors of ``app`` so; ``max_upload_mb`` is the limit that a body over it is told."""
    app.register_error_handler(LipsyncError, _ours)
    app.register_error_handler(HTTPException, _http(app, max_upload_mb))
    app.register_error_handler(Exception, _unforeseen)


def _ours(error: LipsyncError) -> Response:
    if status_of(error) == 500:
        log.error("%s", error, exc_info=error)
    return answer(error)


def _http(app: Flask, max_upload_mb: float) -> Callable[[HTTPException], Response]:
    def handle(error: HTTPException) -> Response:
        status = error.code or 500
        if status < 400:  # a redirect to the same address without a slash
            return app.make_response(error.get_response(request.environ))
        if status == 413:
            limit = f"{max_upload_mb:g}"
            if request.mimetype != "multipart/form-data":
                return answer(RequestError("body_too_large", limit=limit))
            # Only a file makes a form that large.
            field = _UPLOADS.get(request.path, "image")
            return answer(StorageError("file_too_large", limit=limit, field=field))
        if status >= 500:
            return _unforeseen(error)
        response = answer(RequestError(_CODES.get(status, "bad_request")), status)
        for name, value in error.get_headers(request.environ):
            if name in ("Allow", "Content-Range"):
                response.headers[name] = value
        return response

    return handle


def _unforeseen(error: Exception) -> Response:
    log.error("unforeseen", exc_info=error)
    return answer(InternalError("internal", request=g.request_id))
