"""Pages of other sites: which of them may call the API (CORS), and that no other one does anything here.

A server on loopback is within reach of every page that its owner's browser shows. What such a page sends is told by
what the browser says of it: ``Sec-Fetch-Site``, or else ``Origin``. No script can set either of them.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from flask import Flask, Response, request
from flask_cors import CORS

from lipsync.errors import InvalidFieldError
from lipsync.messages import Message
from lipsync.server.asgi.environ_keys import HANDSHAKE
from lipsync.server.request_errors import RequestError
from lipsync.server.security.tickets import presented_ticket
from lipsync.settings import Settings

OPENED = (r"/api/.*", r"/v1/.*", r"/openapi\.json")
"""Where other sites may call; the admin page, the metrics and the login are not for them."""
_OPENED = re.compile("|".join(OPENED))
_WIDGET = r"/static/(embed|(embed|talk|shared)/[\w-]+)\.js$"
"""Modules of the widget. Browsers load a module of another site only where CORS permits it."""
_SAFE = {"GET", "HEAD", "OPTIONS"}
"""Methods that change nothing (RFC 9110, 9.2.1)."""

EXPOSED = [
    *("X-Request-Id", "X-Job-Id", "X-Voice", "X-Voice-Fallbacks", "X-Avatar-Part", "X-Degraded", "Server-Timing"),
    "Retry-After",
    *(
        "ETag",
        "Location",
        "Content-Range",
        "Content-Disposition",
        "RateLimit-Limit",
        "RateLimit-Remaining",
        "RateLimit-Reset",
    ),
]
"""Headers of our answers that a page of another site may read."""
_TAKEN = [
    *("Authorization", "X-API-Key", "Content-Type", "Accept-Language", "Idempotency-Key", "Range", "If-None-Match"),
    *("If-Range", "Last-Event-ID", "X-Request-Id", "Cache-Control"),
    *(r"X-Stainless-.*", r"OpenAI-.*"),  # OpenAI's client in a browser
]
"""Headers that it may send."""
_DAY = 86_400
EVERYBODY = "*"


def read_origins(settings: Settings) -> tuple[str, ...]:
    """The sites of LIPSYNC_CORS_ORIGINS, in the browsers' form. Raises LipsyncError bad_field."""
    named = [origin.strip().rstrip("/").lower() for origin in settings.cors_origins.split(",") if origin.strip()]
    for origin in named:
        if origin != EVERYBODY and not is_origin(origin):
            expected = Message("field.origin", origin=origin[:80])
            raise InvalidFieldError("bad_field", field="LIPSYNC_CORS_ORIGINS", expected=expected)
    return tuple(named)


def install(app: Flask, settings: Settings) -> None:
    """Answer the listed sites as they need it, and refuse the others what changes anything.

    Raises LipsyncError bad_field.
    """
    origins = read_origins(settings)
    everybody = EVERYBODY in origins
    if origins:
        CORS(
            app,
            resources=[*OPENED, _WIDGET],
            origins=EVERYBODY if everybody else [_exactly(origin) for origin in origins],
            methods=["GET", "HEAD", "POST", "DELETE", "OPTIONS"],
            allow_headers=_TAKEN,
            expose_headers=EXPOSED,
            supports_credentials=False,  # another site brings a key, never our page's cookie
            send_wildcard=everybody,
            always_send=everybody,
            max_age=_DAY,
            allow_private_network=not everybody,
            intercept_exceptions=False,
        )
        app.after_request(_vary_by_origin)

    def refuse_strangers() -> None:
        # A WebSocket is for reading and writing, and no browser asks before it opens one.
        has_effect = request.method not in _SAFE or HANDSHAKE in request.environ
        if presented_ticket() is not None:
            return  # bound to a site: the guard compares
        if has_effect and is_foreign() and not _listed(origins):
            raise RequestError("other_site")

    app.before_request(refuse_strangers)


def _vary_by_origin(response: Response) -> Response:
    """A cache between the sites keeps a module of the widget for each of them, also where one was refused."""
    if re.fullmatch(_WIDGET, request.path):
        response.vary.add("Origin")
    return response


def is_foreign() -> bool:
    """Whether this request comes from a page that is not ours. Programs other than browsers are not pages."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in ("same-origin", "none")  # none: typed, or from a bookmark
    # A browser that is old, or that does not say more over plain http.
    origin = request.headers.get("Origin")
    if origin is None:
        return False
    # Not by scheme: a proxy that ends TLS may not tell us of it. "null" has no host.
    return not request.host or _place(origin) != _place(f"{request.scheme}://{request.host}")


def _place(address: str) -> str:
    """``name:port`` of an origin, without the port where it is that of its scheme; empty for anything else."""
    try:
        parts = urlsplit(address.lower())
        port, name = parts.port, parts.hostname or ""
    except ValueError:
        return ""
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    return f"{name}:{port}" if name and port not in (None, usual) else name


def _exactly(origin: str) -> re.Pattern[str]:
    """As a pattern of our own: flask-cors would take the brackets of an IPv6 address for one of its."""
    return re.compile(re.escape(origin) + r"\Z", re.IGNORECASE)


def _listed(origins: tuple[str, ...]) -> bool:
    if not _OPENED.fullmatch(request.path):
        return False
    return EVERYBODY in origins or request.headers.get("Origin", "").lower() in origins


def is_origin(text: str) -> bool:
    """Whether ``text`` is an origin as browsers send it: scheme, host and, unless it is the usual one, port."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    plain = text == f"{parts.scheme}://{parts.netloc}" and "@" not in parts.netloc and not re.search(r"[\s*]", text)
    return plain and usual is not None and bool(parts.hostname) and port != usual and not parts.netloc.endswith(":")
