"""The description of a route: ``@described(...)`` on its function states what it takes and answers.

:mod:`lipsync.server.openapi.document` builds the OpenAPI document from it, and adds what the guard, the rate limits
and the error handlers do to every route.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from flask import Response, jsonify
from pydantic import BaseModel

View = TypeVar("View", bound=Callable[..., Any])
Schema = Mapping[str, Any]
"""JSON Schema, 2020-12."""

BINARY: Schema = {"type": "string", "format": "binary"}
"""Bytes, in the notation of OpenAPI 3.0, which more tools know."""
TEXT: Schema = {"type": "string"}


@dataclass(frozen=True)
class Media:
    """A body of several media types: bytes, text, server-sent events or JSON."""

    types: tuple[str, ...] = ()
    """Media types of bytes that the body may have."""
    types_of_text: tuple[str, ...] = ()
    """Media types of text that the body may have."""
    events: tuple[str, type[BaseModel]] | None = None
    """Server-sent events: their name (``message``: unnamed), and the model of their data, as JSON."""
    json: type[BaseModel] | None = None
    """The model of JSON that the body may be instead."""


@dataclass(frozen=True)
class Parameter:
    """A query parameter or a header of the request."""

    place: Literal["query", "header"]
    name: str
    description: str
    schema: Schema = field(default_factory=lambda: TEXT)


@dataclass(frozen=True)
class Body:
    """The body of the request: one of the media types whose model is set."""

    json: type[BaseModel] | None = None
    form: type[BaseModel] | None = None
    """multipart/form-data: the fields are those of the model, without null."""
    files: tuple[str, ...] = ()
    """Fields of the form beside the model's that are files, and may be left out."""
    urlencoded: type[BaseModel] | None = None


@dataclass(frozen=True)
class ResponseSpec:
    """One response that is not an error."""

    status: int
    description: str
    body: type[BaseModel] | Media | None = None
    headers: tuple[str, ...] = ()
    """Names of HEADERS that are always sent."""
    optional_headers: tuple[str, ...] = ()
    """Names of HEADERS that may be sent."""


@dataclass(frozen=True)
class Described:
    """The description of one route."""

    summary: str
    answers: tuple[ResponseSpec, ...]
    tag: str
    description: str = ""
    body: Body | None = None
    parameters: tuple[Parameter, ...] = ()
    errors: tuple[str, ...] = ()
    """Codes of the messages ``error.<code>`` that only this route, or its kind, may answer, but for those of 500,
    which any may."""
    status_overrides: Mapping[str, int] = field(default_factory=dict)
    """Status of codes that have another one here than their own."""


_DESCRIBED = "described"


def described(
    summary: str,
    *answers: ResponseSpec,
    tag: str,
    description: str = "",
    body: Body | None = None,
    parameters: tuple[Parameter, ...] = (),
    errors: tuple[str, ...] = (),
    status_overrides: Mapping[str, int] | None = None,
) -> Callable[[View], View]:
    """Attach a description to a view; the view itself is unchanged."""

    def say(view: View) -> View:
        setattr(
            view,
            _DESCRIBED,
            Described(summary, answers, tag, description, body, parameters, errors, status_overrides or {}),
        )
        return view

    return say


def description_of(view: Callable[..., Any]) -> Described | None:
    """The description of ``view``; None for pages and undescribed routes."""
    found = getattr(view, _DESCRIBED, None)
    return found if isinstance(found, Described) else None


def json_response(answer: BaseModel) -> Response:
    """JSON response with the fields of ``answer`` that were set."""
    return jsonify(answer.model_dump(mode="json", exclude_unset=True))


# ---- what several routes share

HEADERS: Mapping[str, tuple[str, Schema]] = {
    "X-Request-Id": ("Request id, as it appears in the log.", TEXT),
    "X-Job-Id": ("Id of the job that makes the video.", {"type": "string", "pattern": "^[0-9a-f]{32}$"}),
    "Location": ("URL of the job.", {"type": "string", "format": "uri-reference"}),
    "ETag": ("Entity tag. A job's video never changes.", TEXT),
    "Accept-Ranges": ("Byte ranges are supported.", {"type": "string", "const": "bytes"}),
    "Content-Range": ("Range of these bytes, and the total size.", {"type": "string", "pattern": "^bytes "}),
    "Retry-After": ("Seconds until the next attempt.", {"type": "integer", "minimum": 0}),
    "Server-Timing": ("Milliseconds by stage (W3C Server Timing).", TEXT),
    "X-Voice": ("Voice that spoke the first sentence.", TEXT),
    "X-Voice-Fallbacks": ("JSON in ASCII: voices that failed, in order.", TEXT),
    "X-Cues-Source": (
        "What the mouth cues were made of: the phones, the Rhubarb program, or nothing (the mouth rests).",
        {"type": "string", "enum": ["phones", "rhubarb", "silence"]},
    ),
    "X-Cues-Problem": ("Code of the error because of which the mouth cues are not those of Rhubarb.", TEXT),
    "X-Avatar-Part": ("JSON in ASCII: seconds of the avatar's video that are used, if some are left out.", TEXT),
    "X-Degraded": ("Parts of the answer that did not work as they should, separated by commas.", TEXT),
    "RateLimit-Limit": ("Requests allowed in the current window.", {"type": "integer"}),
    "RateLimit-Remaining": ("Requests left in the current window.", {"type": "integer"}),
    "RateLimit-Reset": ("Seconds until the window ends.", {"type": "integer"}),
    "WWW-Authenticate": ("Authentication challenge (RFC 6750).", TEXT),
}
"""Headers of responses by name: description and schema."""

ALWAYS_SENT = "X-Request-Id"
"""Header of every response."""

IDEMPOTENCY_KEY = Parameter(
    "header",
    "Idempotency-Key",
    "Makes the request safe to repeat: a second request with the same key returns the first one's job.",
    {"type": "string", "pattern": "^[!-~]{1,200}$"},
)
RANGE = Parameter("header", "Range", "Return these bytes only.", {"type": "string", "examples": ["bytes=0-1023"]})
IF_NONE_MATCH = Parameter("header", "If-None-Match", "Return 304 if the ETag still matches.")
IF_RANGE = Parameter("header", "If-Range", "Return the range only if the ETag still matches, else the whole file.")
CONDITIONAL = (RANGE, IF_NONE_MATCH, IF_RANGE)

_FLAG: Schema = {"type": "string", "enum": ["0", "1"]}
STREAM = Parameter("query", "stream", "If 1, stream while rendering, as fragmented MP4.", _FLAG)
DOWNLOAD = Parameter("query", "download", "If 1, send as an attachment.", _FLAG)


def file_responses(
    description: str, types: tuple[str, ...], headers: tuple[str, ...] = ()
) -> tuple[ResponseSpec, ...]:
    """Responses of a file that supports byte ranges."""
    always = ("ETag", *headers)
    return (
        ResponseSpec(200, description, Media(types), (*always, "Accept-Ranges")),
        ResponseSpec(206, "The requested bytes.", Media(types), (*always, "Accept-Ranges", "Content-Range")),
        ResponseSpec(304, "Not modified.", None, ("ETag",)),
    )
