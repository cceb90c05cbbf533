"""How a route says what it takes and what it answers: ``@described(...)`` on its function, beside the code that
checks. :mod:`lipsync.web.contract.openapi` makes the document of it.

What the guard, the limits and the error handlers do to every route is no route's to say: the document has it from
them.
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
"""Bytes; the words of OpenAPI 3.0, which tools know better than the new ones."""
TEXT: Schema = {"type": "string"}


@dataclass(frozen=True)
class Media:
    """A body that is no JSON."""

    types: tuple[str, ...] = ()
    """Media types of bytes: one of them."""
    types_of_text: tuple[str, ...] = ()
    """Or one of these."""
    events: tuple[str, type[BaseModel]] | None = None
    """Or server-sent events: the name of each (``message``: it has none), and what is in its data, as JSON."""


@dataclass(frozen=True)
class Parameter:
    """Something beside the body."""

    place: Literal["query", "header"]
    name: str
    means: str
    schema: Schema = field(default_factory=lambda: TEXT)


@dataclass(frozen=True)
class Body:
    """What is sent. Each model stands for one media type; one of them is sent."""

    json: type[BaseModel] | None = None
    form: type[BaseModel] | None = None
    """multipart/form-data: the fields are those of the model, without null."""
    files: tuple[str, ...] = ()
    """Fields of the form beside the model's that are files, and may be left out."""
    urlencoded: type[BaseModel] | None = None


@dataclass(frozen=True)
class Answered:
    """One answer that is no error."""

    status: int
    means: str
    body: type[BaseModel] | Media | None = None
    headers: tuple[str, ...] = ()
    """Names of HEADERS that are always there."""
    sometimes: tuple[str, ...] = ()
    """Names of HEADERS that may be there."""


@dataclass(frozen=True)
class Described:
    """One route's side of the contract."""

    summary: str
    answers: tuple[Answered, ...]
    tag: str
    means: str = ""
    body: Body | None = None
    parameters: tuple[Parameter, ...] = ()
    errors: tuple[str, ...] = ()
    """Codes of :data:`lipsync.errors.SENTENCES` that only this route, or its kind, may answer, but for those of 500,
    which any may."""
    moved: Mapping[str, int] = field(default_factory=dict)
    """Those of them that have another status here than their own."""


_DESCRIBED = "described"


def described(
    summary: str,
    *answers: Answered,
    tag: str,
    means: str = "",
    body: Body | None = None,
    parameters: tuple[Parameter, ...] = (),
    errors: tuple[str, ...] = (),
    moved: Mapping[str, int] | None = None,
) -> Callable[[View], View]:
    """Say it of a view. Its function stays as it is."""

    def say(view: View) -> View:
        setattr(view, _DESCRIBED, Described(summary, answers, tag, means, body, parameters, errors, moved or {}))
        return view

    return say


def description_of(view: Callable[..., Any]) -> Described | None:
    """What was said of it; None for a page, and for a route that somebody forgot."""
    found = getattr(view, _DESCRIBED, None)
    return found if isinstance(found, Described) else None


def said(answer: BaseModel) -> Response:
    """The response that holds ``answer``. What was not set is left out."""
    return jsonify(answer.model_dump(mode="json", exclude_unset=True))


# ---- what several routes share

HEADERS: Mapping[str, tuple[str, Schema]] = {
    "X-Request-Id": ("Name of the request: what the log has of it stands under this.", TEXT),
    "X-Job-Id": ("Id of the job that makes the video.", {"type": "string", "pattern": "^[0-9a-f]{32}$"}),
    "Location": ("Where the job is.", {"type": "string", "format": "uri-reference"}),
    "ETag": ("Of the file; the video of an id never changes.", TEXT),
    "Accept-Ranges": ("Parts of it can be asked for.", {"type": "string", "const": "bytes"}),
    "Content-Range": ("Which bytes these are, and of how many.", {"type": "string", "pattern": "^bytes "}),
    "Retry-After": ("Seconds after which it may be tried again.", {"type": "integer", "minimum": 0}),
    "Server-Timing": ("Milliseconds by stage (W3C Server Timing).", TEXT),
    "X-Voice": ("Name of the voice that began to speak.", TEXT),
    "X-Voice-Fallbacks": ("JSON in ASCII: the voices that could not go on.", TEXT),
    "X-Avatar-Part": ("JSON in ASCII: which seconds of the avatar's video are used, where some are left out.", TEXT),
    "RateLimit-Limit": ("Requests that the caller has.", {"type": "integer"}),
    "RateLimit-Remaining": ("Requests that are left.", {"type": "integer"}),
    "RateLimit-Reset": ("Seconds until there are more.", {"type": "integer"}),
    "WWW-Authenticate": ("How to bring a key (RFC 6750).", TEXT),
}
"""Every header of an answer that the document names: what it means, and its schema."""

EVERYWHERE = "X-Request-Id"
"""It is in every answer."""

IDEMPOTENCY_KEY = Parameter(
    "header",
    "Idempotency-Key",
    "A second request with the same key gets the first one's job, and makes no other.",
    {"type": "string", "pattern": "^[!-~]{1,200}$"},
)
RANGE = Parameter("header", "Range", "Only these bytes.", {"type": "string", "examples": ["bytes=0-1023"]})
IF_NONE_MATCH = Parameter("header", "If-None-Match", "Not again, if it is still the one of this ETag.")
IF_RANGE = Parameter("header", "If-Range", "The part only if it is still the one of this ETag, else all of it.")
CONDITIONAL = (RANGE, IF_NONE_MATCH, IF_RANGE)

_FLAG: Schema = {"type": "string", "enum": ["0", "1"]}
STREAM = Parameter("query", "stream", "1: sent while it is made, as fragmented MP4.", _FLAG)
DOWNLOAD = Parameter("query", "download", "1: to be saved by a browser, under a name.", _FLAG)


def a_file(means: str, types: tuple[str, ...], headers: tuple[str, ...] = ()) -> tuple[Answered, ...]:
    """The answers of a file that may be asked for in parts."""
    always = ("ETag", *headers)
    return (
        Answered(200, means, Media(types), (*always, "Accept-Ranges")),
        Answered(206, "The bytes that were asked for.", Media(types), (*always, "Accept-Ranges", "Content-Range")),
        Answered(304, "It is still the same.", None, ("ETag",)),
    )
