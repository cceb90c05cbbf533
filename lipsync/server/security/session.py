"""The page's session: a signed cookie that names a key, so that the key itself is nowhere in the browser.

It names it by its id; the key is looked up for each request, so that a revoked one ends its sessions too.
"""

from __future__ import annotations

from datetime import timedelta

from flask import Flask, request, session
from flask.sessions import SecureCookieSessionInterface
from sqlalchemy import Engine

from lipsync.auth.caller import Caller
from lipsync.auth.keys import Key, find_key
from lipsync.auth.session_secret import session_secret
from lipsync.settings import Settings

_KEY = "key"
LIFETIME = timedelta(days=30)


class _Sessions(SecureCookieSessionInterface):
    def get_cookie_secure(self, app: Flask) -> bool:  # noqa: ARG002 - as Flask calls it
        """Over TLS alone, where the page came by TLS."""
        return request.is_secure

    def get_cookie_path(self, app: Flask) -> str:  # noqa: ARG002 - as Flask calls it
        """Below a proxy's path, for that path alone: other applications of the same host do not get it."""
        return request.script_root or "/"


def install(app: Flask, settings: Settings) -> None:
    """Give ``app`` its sessions. Raises LipsyncError bad_field, cannot_write."""
    app.secret_key = session_secret(settings)
    app.session_interface = _Sessions()
    app.config.update(
        SESSION_COOKIE_NAME="lipsync_session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Strict",
        SESSION_REFRESH_EACH_REQUEST=False,  # not a new cookie with every answer
        PERMANENT_SESSION_LIFETIME=LIFETIME,
    )


def begin(key: Key) -> None:
    """From now on the browser calls with ``key``."""
    session.clear()
    session.permanent = True
    session[_KEY] = key.id


def end() -> None:
    """From now on it calls without one."""
    session.clear()


def caller(engine: Engine) -> Caller | None:
    """Whose session this is, if there is one and its key is not revoked. Raises LipsyncError database_busy."""
    number = session.get(_KEY)
    if not isinstance(number, str):
        return None
    key = find_key(engine, number)
    if key is None:
        end()
        return None
    return key.caller
