"""The path below which a proxy serves the application: ``X-Forwarded-Prefix``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_HEADER = "HTTP_X_FORWARDED_PREFIX"
_MAX_LENGTH = 200
_PREFIX = re.compile(r"(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._~-]+)+")
"""Unreserved characters (RFC 3986, 2.3) between single slashes: no other host (``//evil.example``), no step upwards,
nothing that HTML or a header would have to escape."""


class CheckedPrefix:
    """WSGI middleware before ProxyFix: ``X-Forwarded-Prefix`` is a path like ``/lipsync``, or is not there.

    Where several proxies have each noted one, the last is taken, which the nearest has written.
    """

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if _HEADER in environ:
            prefix = environ.pop(_HEADER).rpartition(",")[2].strip().rstrip("/")
            if len(prefix) <= _MAX_LENGTH and _PREFIX.fullmatch(prefix):
                environ[_HEADER] = prefix
        return self._app(environ, start_response)
