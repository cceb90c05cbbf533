"""The page's login, and who is calling."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request
from sqlalchemy import Engine

from lipsync.access.caller import Caller
from lipsync.access.keys import check_key
from lipsync.errors import LipsyncError
from lipsync.web import session
from lipsync.web.caller import current
from lipsync.web.wish import read_json

_LONGEST = 16_384
"""Bytes of a login."""


def blueprint(engine: Engine) -> Blueprint:
    """``POST /login``, ``DELETE /login``, ``GET /api/me``."""
    login = Blueprint("login", __name__)

    @login.post("/login")
    def enter() -> Response:
        request.max_content_length = _LONGEST
        fields = request.form if request.mimetype == "application/x-www-form-urlencoded" else read_json(request)
        text = fields.get("key")
        if not isinstance(text, str):
            expected = {"en": "the text of a key is expected", "ru": "нужен текст ключа"}
            raise LipsyncError("bad_field", field="key", expected=expected)
        key = check_key(engine, text.strip())
        session.begin(key)
        return _told(key.caller, anonymous=False)

    @login.delete("/login")
    def leave() -> tuple[str, int]:
        session.end()
        return "", 204

    @login.get("/api/me")
    def me() -> Response:
        caller = current()
        return _told(caller, anonymous=caller.name.startswith("address "))

    return login


def _told(caller: Caller, *, anonymous: bool) -> Response:
    response = jsonify(
        caller=caller.name,
        scopes=sorted(caller.scopes),
        anonymous=anonymous,
        key_needed=anonymous and "generate" not in caller.scopes,
    )
    response.headers["Cache-Control"] = "no-store"
    return response
