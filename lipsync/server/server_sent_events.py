"""Responses that are sent piece by piece, and server-sent events (WHATWG HTML, 9.2) in them."""

from __future__ import annotations

from flask import Response


def encode_event(data: str) -> bytes:
    """An event without a name, with one line of ``data``, such as JSON."""
    return f"data: {data}\n\n".encode()


def without_buffering(response: Response) -> Response:
    """Tell nginx to pass ``response`` on piece by piece; it would gather the whole."""
    response.headers["X-Accel-Buffering"] = "no"
    return response
