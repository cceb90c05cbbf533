"""Pages of other sites: which of them may call the API (CORS), and that no other one does anything here.

A server on loopback is within reach of every page that its owner's browser shows. What such a page sends is told by
what the browser says of it: ``Sec-Fetch-Site``, or else ``Origin``. No script can set either of them.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from flask import Flask, request
from flask_cors import CORS

from lipsync.errors import LipsyncError
from lipsync.settings import Settings

OPENED = (r"/api/.*", r"/v1/.*", r"/openapi\.json")
"""Where other sites may call; the admin page, the metrics and the login are not for them."""
_OPENED = re.compile("|".join(OPENED))
_SAFE = {"GET", "HEAD", "OPTIONS"}
"""Methods that change nothing (RFC 9110, 9.2.1)."""

EXPOSED = [
    *("X-Request-Id", "X-Job-Id", "X-Voice", "X-Voice-Fallbacks", "X-Avatar-Part", "Server-Timing", "Retry-After"),
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
    named = [one.strip().rstrip("/").lower() for one in settings.cors_origins.split(",") if one.strip()]
    for one in named:
        if one != EVERYBODY and not _is_origin(one):
            expected = {
                "en": f"“{one[:80]}” is no origin; expected is https://name or http://name:port, or * alone",
                "ru": f"«{one[:80]}» — не источник; нужно https://имя или http://имя:порт, либо одна *",
            }
            raise LipsyncError("bad_field", field="LIPSYNC_CORS_ORIGINS", expected=expected)
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
            resources=list(OPENED),
            origins=EVERYBODY if everybody else [_exactly(one) for one in origins],
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

    def refuse_strangers() -> None:
        if request.method not in _SAFE and is_foreign() and not _listed(origins):
            raise LipsyncError("other_site")

    app.before_request(refuse_strangers)


def is_foreign() -> bool:
    """Whether this request comes from a page that is not ours. A program that is no browser is no page."""
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
    """``name:port`` of an origin, without the port where it is that of its scheme; empty for what is none."""
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


def _is_origin(text: str) -> bool:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    plain = text == f"{parts.scheme}://{parts.netloc}" and "@" not in parts.netloc and not re.search(r"[\s*]", text)
    return plain and usual is not None and bool(parts.hostname) and port != usual and not parts.netloc.endswith(":")
