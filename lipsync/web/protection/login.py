"""The page's login, and who is calling."""

from __future__ import annotations

from flask import Blueprint, Response, request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import Engine

from lipsync.access.caller import Caller
from lipsync.access.keys import check_key
from lipsync.errors import LipsyncError
from lipsync.web.answers import MeAnswer
from lipsync.web.caller import current
from lipsync.web.contract import faults
from lipsync.web.contract.described import Answered, Body, described, said
from lipsync.web.protection import session
from lipsync.web.wish import read_json

_LONGEST = 16_384
"""Bytes of a login."""


class LoginWish(BaseModel):
    """What ``POST /login`` takes."""

    model_config = ConfigDict(frozen=True, strict=True)

    key: str = Field(description="A key: lips_…", examples=["lips_0123abcd_…"])


def blueprint(engine: Engine) -> Blueprint:
    """``POST /login``, ``DELETE /login``, ``GET /api/me``."""
    login = Blueprint("login", __name__)

    @login.post("/login")
    @described(
        "Begin a session",
        Answered(200, "Who calls from now on, by the cookie that comes with it.", MeAnswer),
        tag="access",
        body=Body(json=LoginWish, urlencoded=LoginWish),
        errors=(*faults.JSON_BODY, "wrong_key", "database_busy"),
    )
    def enter() -> Response:
        request.max_content_length = _LONGEST
        fields = request.form if request.mimetype == "application/x-www-form-urlencoded" else read_json(request)
        try:
            wish = LoginWish.model_validate({"key": fields.get("key")})
        except ValidationError as error:
            expected = {"en": "the text of a key is expected", "ru": "нужен текст ключа"}
            raise LipsyncError("bad_field", field="key", expected=expected) from error
        key = check_key(engine, wish.key.strip())
        session.begin(key)
        return _told(key.caller, anonymous=False)

    @login.delete("/login")
    @described("End the session", Answered(204, "There is none."), tag="access")
    def leave() -> tuple[str, int]:
        session.end()
        return "", 204

    @login.get("/api/me")
    @described("Who is calling", Answered(200, "The caller, and what they may.", MeAnswer), tag="access")
    def me() -> Response:
        caller = current()
        return _told(caller, anonymous=caller.name.startswith("address "))

    return login


def _told(caller: Caller, *, anonymous: bool) -> Response:
    return said(
        MeAnswer(
            caller=caller.name,
            scopes=sorted(caller.scopes),
            anonymous=anonymous,
            key_needed=anonymous and "generate" not in caller.scopes,
        )
    )
