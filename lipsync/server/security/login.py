"""The page's login, and who is calling."""

from __future__ import annotations

from flask import Blueprint, Response, request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import Engine

from lipsync.auth.caller import Caller
from lipsync.auth.keys import check_key
from lipsync.errors import InvalidFieldError
from lipsync.messages import Message
from lipsync.server import route_errors as faults
from lipsync.server.caller import current
from lipsync.server.describe import Body, ResponseSpec, described, json_response
from lipsync.server.request_body import read_json
from lipsync.server.responses import MeAnswer
from lipsync.server.security import session

_LONGEST = 16_384
"""Bytes of a login."""


class LoginRequest(BaseModel):
    """What ``POST /login`` takes."""

    model_config = ConfigDict(frozen=True, strict=True)

    key: str = Field(description="A key: lips_…", examples=["lips_0123abcd_…"])


def blueprint(engine: Engine) -> Blueprint:
    """``POST /login``, ``DELETE /login``, ``GET /api/me``."""
    login = Blueprint("login", __name__)

    @login.post("/login")
    @described(
        "Begin a session",
        ResponseSpec(200, "Who calls from now on, by the cookie that comes with it.", MeAnswer),
        tag="access",
        body=Body(json=LoginRequest, urlencoded=LoginRequest),
        errors=(*faults.JSON_BODY_ERRORS, "wrong_key", "database_busy"),
    )
    def enter() -> Response:
        request.max_content_length = _LONGEST
        fields = request.form if request.mimetype == "application/x-www-form-urlencoded" else read_json(request)
        try:
            wish = LoginRequest.model_validate({"key": fields.get("key")})
        except ValidationError as error:
            expected = Message("field.key")
            raise InvalidFieldError("bad_field", field="key", expected=expected) from error
        key = check_key(engine, wish.key.strip())
        session.begin(key)
        return _caller_json(key.caller, anonymous=False)

    @login.delete("/login")
    @described("End the session", ResponseSpec(204, "There is none."), tag="access")
    def leave() -> tuple[str, int]:
        session.end()
        return "", 204

    @login.get("/api/me")
    @described("The caller", ResponseSpec(200, "The caller, and what they may.", MeAnswer), tag="access")
    def me() -> Response:
        caller = current()
        return _caller_json(caller, anonymous=caller.name.startswith("address "))

    return login


def _caller_json(caller: Caller, *, anonymous: bool) -> Response:
    return json_response(
        MeAnswer(
            caller=caller.name,
            scopes=sorted(caller.scopes),
            anonymous=anonymous,
            key_needed=anonymous and "generate" not in caller.scopes,
        )
    )
