"""``/openapi.json``, and ``/openapi``: a page to read it and to try it, by Swagger UI."""

from __future__ import annotations

import hashlib
import json
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, Response, current_app, make_response, render_template, request
from flask import send_from_directory as send
from pydantic import ConfigDict

from lipsync.server.describe import IF_NONE_MATCH, ResponseSpec, described
from lipsync.server.openapi.document import build
from lipsync.server.responses import Answer
from lipsync.server.security.headers import ALWAYS
from lipsync.settings import Settings

PACKAGE = "flask-swagger-ui"
"""It carries Swagger UI (Apache-2.0), and nothing of it but those files is used."""
_POLICY = ALWAYS["Content-Security-Policy"].replace("img-src 'self'", "img-src 'self' data:")
"""The arrows in Swagger UI's style sheet are data: addresses."""
_YEAR = 365 * 86_400


class DocumentAnswer(Answer):
    """An OpenAPI document."""

    model_config = ConfigDict(extra="allow")

    openapi: str
    info: dict[str, Any]
    paths: dict[str, Any]


def blueprint(settings: Settings) -> Blueprint:
    """The document, the page, and what the page is made of."""
    explorer = Blueprint("openapi", __name__)
    folder = Path(str(files("flask_swagger_ui"))) / "dist"

    @explorer.get("/openapi.json")
    @described(
        "This document",
        ResponseSpec(200, "OpenAPI 3.1.", DocumentAnswer, ("ETag",)),
        ResponseSpec(304, "It is still the same.", None, ("ETag",)),
        tag="server",
        parameters=(IF_NONE_MATCH,),
    )
    def document() -> Response:
        text = _written(current_app, settings, request.script_root)
        response = Response(text, mimetype="application/json")
        response.set_etag(hashlib.sha256(text).hexdigest()[:16])
        response.headers["Cache-Control"] = "no-cache"
        response.make_conditional(request)
        return response

    @explorer.get("/openapi")
    def page() -> Response:
        response = make_response(render_template("openapi.html", version=version(PACKAGE)))
        response.headers["Content-Security-Policy"] = _POLICY
        response.headers["Cache-Control"] = "no-cache"
        return response

    @explorer.get("/openapi/<path:filename>")
    def part(filename: str) -> Response:
        return send(folder, filename, max_age=_YEAR)  # its address has the version in it

    return explorer


def _written(app: Flask, settings: Settings, prefix: str) -> bytes:
    """The document of ``app``, which is made once, when all routes are there; it is served below ``prefix``."""
    parts = app.extensions
    if "openapi" not in parts:
        parts["openapi"] = build(app, settings)
    document = parts["openapi"]
    assert isinstance(document, dict)
    if prefix:
        document = {**document, "servers": [{"url": prefix}]}
    return json.dumps(document, ensure_ascii=False).encode()
