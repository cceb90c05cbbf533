"""The description of the API (OpenAPI 3.1.1), made of the routes themselves: what each says of itself
(:mod:`lipsync.server.describe`), the models that check and answer, and what the guard, the limits and the
error handlers do to all of them.

HEAD and OPTIONS are Flask's own, and 405 and 404 of addresses that are not here every server's: they are left out.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from flask import Flask
from openapi_pydantic import OpenAPI
from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, models_json_schema
from werkzeug.routing import Rule

from lipsync import __version__
from lipsync.auth.policy import trusts_local_callers
from lipsync.conversation.portrait_loops import LOOP_KINDS
from lipsync.messages import DEFAULT_LANGUAGE, alternatives, template
from lipsync.server import route_errors as faults
from lipsync.server.describe import (
    ALWAYS_SENT,
    BINARY,
    HEADERS,
    TEXT,
    Body,
    Described,
    Media,
    ResponseSpec,
    description_of,
)
from lipsync.server.errors import form_of, status_of_code
from lipsync.server.responses import OpenAIProblem, Problem
from lipsync.server.security import guard
from lipsync.server.security import rate_limits as limits
from lipsync.settings import Settings
from lipsync.storage.file_formats import PICTURES, VIDEOS, names

Object = dict[str, Any]

ABOUT = """\
Turns a text into a video of a portrait speaking it, or into speech alone.

Request a video and wait for it (`POST /api/generate`), or create a job (`POST /api/jobs`), follow it and fetch the
video when it is done. An error is one sentence in the language of `Accept-Language` (English or Russian), and a code.
Every `GET` answers `HEAD` too.
"""
TAGS = {
    "videos": "Videos: request, watch while they are rendered, download.",
    "jobs": "Videos as jobs: create, follow, fetch, cancel. A caller sees only their own jobs.",
    "voices": "Voices and languages.",
    "conversations": "Conversations with a persona. A caller sees only their own.",
    "portraits": "Bundled portraits.",
    "conversation": "Conversations with a persona.",
    "openai": "Speech alone, and the words in a recording, through OpenAI's interface.",
    "access": "Keys and sessions.",
    "server": "The server itself.",
}
_SCHEMES: Object = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "A key (`lips_…`), or a JSON Web Token."},
    "key": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "The same."},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "lipsync_session",
        "description": "Of the page: `POST /login` sets it.",
    },
}
_PATH: Mapping[str, Object] = {
    "id": {"description": "Id of the job.", "schema": {"type": "string", "pattern": "^[0-9a-f]{32}$"}},
    "conversation": {
        "description": "Id of the conversation.",
        "schema": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
    },
    "name": {"description": "What it is called.", "schema": {"type": "string", "minLength": 1}},
    "kind": {"description": "What the portrait does.", "schema": {"type": "string", "enum": [*LOOP_KINDS]}},
}
"""What may stand in an address, by its name in the rules."""


def build(app: Flask, settings: Settings) -> Object:
    """The document: all routes of ``app`` that are described, under ``settings``."""
    routes = list(described_routes(app))
    models = _models([described for _, _, described in routes])
    paths: Object = {}
    for rule, method, described in routes:
        place = paths.setdefault(re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), {})
        place[method.lower()] = _operation(rule, method, described, settings)
    document = {
        "openapi": "3.1.1",
        "info": {"title": "Lipsync", "version": __version__, "description": ABOUT},
        "servers": [{"url": "/"}],
        "tags": [{"name": name, "description": description} for name, description in TAGS.items()],
        "paths": paths,
        "components": {
            "schemas": _bounded(models, settings),
            "headers": {
                name: {"description": description, "required": name == ALWAYS_SENT, "schema": dict(schema)}
                for name, (description, schema) in HEADERS.items()
            },
            "securitySchemes": _SCHEMES,
        },
    }
    return OpenAPI.model_validate(document).model_dump(mode="json", by_alias=True, exclude_unset=True)


def described_routes(app: Flask) -> Iterator[tuple[Rule, str, Described]]:
    """Each route and method of ``app`` that is described, in the order of their addresses."""
    for rule in sorted(app.url_map.iter_rules(), key=lambda one: one.rule):
        described = description_of(app.view_functions[rule.endpoint])
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            if described is not None:
                yield rule, method, described


def _operation(rule: Rule, method: str, described: Described, settings: Settings) -> Object:
    needed = guard.scope_of(rule.rule)
    operation: Object = {
        "operationId": rule.endpoint.replace(".", "_"),
        "summary": described.summary,
        "description": described.description,
        "tags": [described.tag],
        "parameters": [
            *({"name": name, "in": "path", "required": True, **_PATH[name]} for name in sorted(rule.arguments)),
            *(
                {"name": one.name, "in": one.place, "description": one.description, "schema": dict(one.schema)}
                for one in described.parameters
            ),
        ],
        "responses": {str(one.status): _answer(one) for one in described.answers} | _errors(rule, method, described),
        "security": [],
    }
    if described.body is not None:
        operation["requestBody"] = {"required": True, "content": _content(described.body)}
    if needed is not None:
        unasked = trusts_local_callers(settings) or (settings.allow_anonymous and not settings.require_key)
        operation["security"] = [{name: [needed]} for name in _SCHEMES] + [{}] * unasked
    return {name: value for name, value in operation.items() if value or name == "security"}


# ---- bodies


def _content(body: Body) -> Object:
    there = {
        "application/json": body.json and _ref(body.json.__name__),
        "application/x-www-form-urlencoded": body.urlencoded and _ref(body.urlencoded.__name__),
        "multipart/form-data": body.form and _ref(_form_name(body)),
    }
    return {kind: {"schema": schema} for kind, schema in there.items() if schema}


def _form_name(body: Body) -> str:
    assert body.form is not None
    return f"{body.form.__name__}Form" if body.files else body.form.__name__


def _answer(answered: ResponseSpec) -> Object:
    response: Object = {
        "description": answered.description,
        "headers": _headers(answered.headers, answered.optional_headers),
    }
    if isinstance(answered.body, Media):
        kinds = dict.fromkeys(answered.body.types, BINARY) | dict.fromkeys(answered.body.types_of_text, TEXT)
        response["content"] = {kind: {"schema": dict(schema)} for kind, schema in kinds.items()}
        if answered.body.json is not None:
            response["content"]["application/json"] = {"schema": _ref(answered.body.json.__name__)}
        if answered.body.events is not None:
            response["content"]["text/event-stream"] = {"schema": _event(*answered.body.events)}
    elif answered.body is not None:
        response["content"] = {"application/json": {"schema": _ref(answered.body.__name__)}}
    return response


def _event(name: str, model: type[BaseModel]) -> Object:
    """Each of the events, as OpenAPI 3.2 and schemathesis have it: its fields as an object."""
    data = {"type": "string", "contentMediaType": "application/json", "contentSchema": _ref(model.__name__)}
    named = name != "message"
    return {
        "type": "object",
        "description": "Each event; comments keep the connection open.",
        "properties": {"data": data} | ({"event": {"const": name}} if named else {}),
        "required": ["data", "event"] if named else ["data"],
    }


def _headers(always: tuple[str, ...], optional_headers: tuple[str, ...] = ()) -> Object:
    """Headers that are there: of a reference nothing can be said besides, so those that must be are written out."""
    required = {
        name: {"description": HEADERS[name][0], "required": True, "schema": dict(HEADERS[name][1])} for name in always
    }
    referred = {name: {"$ref": f"#/components/headers/{name}"} for name in (ALWAYS_SENT, *optional_headers)}
    return required | referred


# ---- errors


def _errors(rule: Rule, method: str, described: Described) -> Object:
    """By status. Of 500 the code may be any."""
    by_status: dict[int, list[str]] = {500: []}
    for code in dict.fromkeys((*described.errors, *_everywhere(rule, method))):
        status = described.status_overrides.get(code, status_of_code(code))
        by_status.setdefault(status, []).append(code)
    return {str(status): _error(rule.rule, status, by_status[status]) for status in sorted(by_status)}


def _everywhere(rule: Rule, method: str) -> Iterator[str]:
    """Codes that no route asks for."""
    yield from faults.ANY
    if rule.rule in guard.ASKED:
        yield from ("wrong_key", "tokens_unchecked", "database_busy")
    elif guard.scope_of(rule.rule) is not None:
        yield from faults.AUTH_ERRORS
    if method != "GET":
        yield from faults.CSRF_ERRORS
    if method == "POST" and (rule.rule in limits.MAKING or rule.rule == "/login"):
        yield from faults.RATE_LIMIT_ERRORS
    if rule.arguments:
        yield "not_found"  # not an address at all: with a slash in it


def _sentence(code: str) -> str:
    """The English message of an error, with its placeholders."""
    text = template(f"error.{code}", DEFAULT_LANGUAGE)
    formats = {"not_a_picture": PICTURES, "not_a_video": VIDEOS}.get(code)
    sentence = text if isinstance(text, str) else text["other"]
    if formats is None:
        return sentence
    return sentence.replace("{formats}", str(alternatives([one.name for one in formats])))


def _error(path: str, status: int, codes: list[str]) -> Object:
    description = "\n".join(f"- `{code}`: {_sentence(code)}" for code in codes)
    always = {429: ("Retry-After",), 503: ("Retry-After",), 401: ("WWW-Authenticate",)}.get(status, ())
    optional_headers = {403: ("WWW-Authenticate",)}.get(status, ())
    limited = tuple(name for name in HEADERS if name.startswith("RateLimit-")) if status == 429 else ()
    return {
        "description": description or "Internal error; the log has the details.",
        "headers": _headers(always, (*optional_headers, *limited)),
        "content": _error_content(form_of(path), codes),
    }


def _error_content(form: Literal["json", "openai", "text"], codes: list[str]) -> Object:
    if form == "text":
        return {"text/plain": {"schema": {"type": "string"}}}
    schema = _ref(OpenAIProblem.__name__ if form == "openai" else Problem.__name__)
    if codes:
        narrowed: Object = {"properties": {"code": {"enum": codes}}}
        schema = {"allOf": [schema, {"properties": {"error": narrowed}} if form == "openai" else narrowed]}
    return {"application/json": {"schema": schema}}


# ---- models


class _Plain(GenerateJsonSchema):
    """Without a title for each field, which says its name again."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - as pydantic calls it
        return False


def _models(routes: list[Described]) -> Object:
    """The schemas of all models by name."""
    modes: dict[type[BaseModel], Literal["validation", "serialization"]] = {
        Problem: "serialization",
        OpenAIProblem: "serialization",
    }
    forms = []
    for described in routes:
        if (body := described.body) is not None:
            sent = (body.json, body.form, body.urlencoded)
            modes.update({model: "validation" for model in sent if model is not None})
            forms.append(body)
        for answered in described.answers:
            modes.update(dict.fromkeys(_models_of(answered), "serialization"))
    _, found = models_json_schema(
        list(modes.items()), ref_template="#/components/schemas/{model}", schema_generator=_Plain
    )
    models: Object = found["$defs"]
    for body in forms:
        if body.form is not None:
            models[_form_name(body)] = _as_form(models[body.form.__name__], body)
    return models


def _models_of(answered: ResponseSpec) -> list[type[BaseModel]]:
    """The models of a response."""
    body = answered.body
    if isinstance(body, Media):
        models = (body.json, body.events[1] if body.events else None)
        return [model for model in models if model is not None]
    return [] if body is None else [body]


def _as_form(schema: Object, body: Body) -> Object:
    """The same fields in a form, where nothing can be null: what is not given is left out."""
    form = copy.deepcopy(schema)
    form["title"] = _form_name(body)
    for one in form["properties"].values():
        if one.get("default", 0) is None:
            del one["default"]
        choices = [choice for choice in one.get("anyOf", ()) if choice != {"type": "null"}]
        if len(choices) == 1:
            del one["anyOf"]
            one.update(choices[0])
        elif choices:
            one["anyOf"] = choices
    for name in body.files:
        form["properties"][name] = {"type": "string", "format": "binary", "description": _FILES[name]}
    return form


_FILES = {
    "image": f"A picture ({names(PICTURES)}), or with Wav2Lip a short video ({names(VIDEOS)}); before `avatar`.",
    "background_image": f"A picture ({names(PICTURES)}) for behind the person: the `background` is `picture` then. "
    "Together with `image` it may have the size of one file.",
    "audio": "The question, spoken: WAV, WebM, Ogg, MP3, M4A and others, at most a minute; or `text`.",
}
"""Descriptions of the files of a form, by field."""


def _bounded(models: Object, settings: Settings) -> Object:
    """With what the settings say."""
    for name, field in (("VideoRequestBody", "text"), ("VideoRequestBodyForm", "text"), ("SpeechRequest", "input")):
        if name in models:
            models[name]["properties"][field]["maxLength"] = settings.max_text
    return models


def _ref(name: str) -> Object:
    return {"$ref": f"#/components/schemas/{name}"}
