"""Superfluous slashes in addresses of the OpenAI interface.

A base address that is configured as ``http://host/v1/`` leads to ``/v1//audio/speech``, and some clients end an
address with a slash. Flask would redirect the first and not find the second. A redirect names the scheme by which
this server is reached, which is the wrong one behind a proxy that ends TLS.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_MANY = re.compile("/{2,}")


def without_superfluous_slashes(app: WSGIApplication) -> WSGIApplication:
    """``app``, which sees addresses below ``/v1/`` without double slashes and without one at the end."""

    def plain(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = _MANY.sub("/", environ.get("PATH_INFO", ""))
        if path.startswith("/v1/") and path != "/v1/":
            environ["PATH_INFO"] = path.rstrip("/")
        return app(environ, start_response)

    return plain
