"""The headers of every answer that tell a browser what it may do with it."""

from __future__ import annotations

from flask import Flask, Response, request

ALWAYS = {
    # Nothing but our own files; blob: is the video just made or playing live, and the picture just chosen.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "media-src 'self' blob:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    # The page records a voice, and nothing else.
    "Permissions-Policy": "microphone=(self), autoplay=(self), fullscreen=(self), clipboard-write=(self), "
    "camera=(), display-capture=(), geolocation=(), midi=(), payment=(), usb=(), serial=(), hid=()",
}
_PRIVATE = ("/api/", "/v1/", "/admin", "/metrics", "/login")
"""Where an answer that says nothing else is kept nowhere."""
HSTS = "max-age=31536000"
"""A year; for this name alone (RFC 6797)."""


def install(app: Flask, *, embedded: bool) -> None:
    """Put them on every answer of ``app``. ``embedded``: pages of other sites may show what the API gives."""

    def secure(response: Response) -> Response:
        for name, value in ALWAYS.items():
            response.headers.setdefault(name, value)
        if not embedded:
            response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if request.is_secure:
            response.headers.setdefault("Strict-Transport-Security", HSTS)
        if request.path.startswith(_PRIVATE) and response.status_code != 304:
            response.headers.setdefault("Cache-Control", "no-store")  # a response belongs to one caller
        return response

    app.after_request(secure)
