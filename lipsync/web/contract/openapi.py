"""The description of the API (OpenAPI 3.1.1), made of the routes themselves: what each says of itself
(:mod:`lipsync.web.contract.described`), the models that check and answer, and what the guard, the limits and the
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
from lipsync.access.policy import local_alone
from lipsync.errors import SENTENCES
from lipsync.file_formats import PICTURES, VIDEOS, names
from lipsync.settings import Settings
from lipsync.web.answers import OpenAIProblem, Problem
from lipsync.web.contract import faults
from lipsync.web.contract.described import (
    BINARY,
    EVERYWHERE,
    HEADERS,
    TEXT,
    Answered,
    Body,
    Described,
    Media,
    description_of,
)
from lipsync.web.errors import form_of
from lipsync.web.protection import guard, limits

Object = dict[str, Any]

ABOUT = """\
A text, and a portrait that speaks it: as a video, or the voice alone.

Ask for a video and wait for it (`POST /api/generate`), or ask for a job (`POST /api/jobs`), follow it and fetch the
video when it is done. An error is one sentence in the language of `Accept-Language` (English or Russian), and a code.
Every `GET` answers `HEAD` too.
"""
TAGS = {
    "videos": "Videos, waited for or watched while they are made.",
    "jobs": "Videos as jobs: asked for, followed, fetched, cancelled. A caller sees their own alone.",
    "voices": "What can speak.",
    "portraits": "Who can speak.",
    "openai": "The voice alone, by OpenAI's interface.",
    "access": "Who calls.",
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
    "id": {"description": "Of a job.", "schema": {"type": "string", "pattern": "^[0-9a-f]{32}$"}},
    "name": {"description": "What it is called.", "schema": {"type": "string", "minLength": 1}},
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
        "tags": [{"name": name, "description": means} for name, means in TAGS.items()],
        "paths": paths,
        "components": {
            "schemas": _bounded(models, settings),
            "headers": {
                name: {"description": means, "required": name == EVERYWHERE, "schema": dict(schema)}
                for name, (means, schema) in HEADERS.items()
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
        "description": described.means,
        "tags": [described.tag],
        "parameters": [
            *({"name": name, "in": "path", "required": True, **_PATH[name]} for name in sorted(rule.arguments)),
            *(
                {"name": one.name, "in": one.place, "description": one.means, "schema": dict(one.schema)}
                for one in described.parameters
            ),
        ],
        "responses": {str(one.status): _answer(one) for one in described.answers} | _errors(rule, method, described),
        "security": [],
    }
    if described.body is not None:
        operation["requestBody"] = {"required": True, "content": _content(described.body)}
    if needed is not None:
        unasked = local_alone(settings) or (settings.allow_anonymous and not settings.require_key)
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


def _answer(answered: Answered) -> Object:
    response: Object = {"description": answered.means, "headers": _headers(answered.headers, answered.sometimes)}
    if isinstance(answered.body, Media):
        kinds = dict.fromkeys(answered.body.types, BINARY) | dict.fromkeys(answered.body.types_of_text, TEXT)
        response["content"] = {kind: {"schema": dict(schema)} for kind, schema in kinds.items()}
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


def _headers(always: tuple[str, ...], sometimes: tuple[str, ...] = ()) -> Object:
    """Headers that are there: of a reference nothing can be said besides, so those that must be are written out."""
    required = {
        name: {"description": HEADERS[name][0], "required": True, "schema": dict(HEADERS[name][1])} for name in always
    }
    referred = {name: {"$ref": f"#/components/headers/{name}"} for name in (EVERYWHERE, *sometimes)}
    return required | referred


# ---- errors


def _errors(rule: Rule, method: str, described: Described) -> Object:
    """By status. Of 500 the code may be any."""
    by_status: dict[int, list[str]] = {500: []}
    for code in dict.fromkeys((*described.errors, *_everywhere(rule, method))):
        status = described.moved.get(code, SENTENCES[code].status)
        by_status.setdefault(status, []).append(code)
    return {str(status): _error(rule.rule, status, by_status[status]) for status in sorted(by_status)}


def _everywhere(rule: Rule, method: str) -> Iterator[str]:
    """Codes that no route asks for."""
    yield from faults.ANY
    if rule.rule in guard.ASKED:
        yield from ("wrong_key", "tokens_unchecked", "database_busy")
    elif guard.scope_of(rule.rule) is not None:
        yield from faults.KNOCKING
    if method != "GET":
        yield from faults.CHANGING
    if method == "POST" and (rule.rule in limits.MAKING or rule.rule == "/login"):
        yield from faults.COUNTED
    if rule.arguments:
        yield "not_found"  # what is no address at all: with a slash in it


def _error(path: str, status: int, codes: list[str]) -> Object:
    means = "\n".join(f"- `{code}`: {SENTENCES[code].en}" for code in codes)
    always = {429: ("Retry-After",), 503: ("Retry-After",), 401: ("WWW-Authenticate",)}.get(status, ())
    sometimes = {403: ("WWW-Authenticate",)}.get(status, ())
    limited = tuple(name for name in HEADERS if name.startswith("RateLimit-")) if status == 429 else ()
    return {
        "description": means or "Something is wrong on this side; the log has more of it.",
        "headers": _headers(always, (*sometimes, *limited)),
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
    wanted: dict[type[BaseModel], Literal["validation", "serialization"]] = {
        Problem: "serialization",
        OpenAIProblem: "serialization",
    }
    forms = []
    for described in routes:
        if (body := described.body) is not None:
            sent = (body.json, body.form, body.urlencoded)
            wanted.update({model: "validation" for model in sent if model is not None})
            forms.append(body)
        answers = [one.body for one in described.answers]
        told = [one.events[1] if isinstance(one, Media) and one.events else one for one in answers]
        wanted.update({model: "serialization" for model in told if isinstance(model, type)})
    _, found = models_json_schema(
        list(wanted.items()), ref_template="#/components/schemas/{model}", schema_generator=_Plain
    )
    models: Object = found["$defs"]
    for body in forms:
        if body.form is not None:
            models[_form_name(body)] = _as_form(models[body.form.__name__], body)
    return models


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
        form["properties"][name] = {
            "type": "string",
            "format": "binary",
            "description": f"A picture ({names(PICTURES)}), or with Wav2Lip a short video ({names(VIDEOS)}); before "
            "`avatar`.",
        }
    return form


def _bounded(models: Object, settings: Settings) -> Object:
    """With what the settings say."""
    for name, field in (("Wish", "text"), ("WishForm", "text"), ("SpeechWish", "input")):
        if name in models:
            models[name]["properties"][field]["maxLength"] = settings.max_text
    return models


def _ref(name: str) -> Object:
    return {"$ref": f"#/components/schemas/{name}"}
