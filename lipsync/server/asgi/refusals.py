"""Answers that the server gives before the application sees a request."""

from __future__ import annotations

import json
from dataclasses import dataclass
from http import HTTPStatus

from lipsync.errors import LipsyncError
from lipsync.server.errors import form_of, openai_problem, problem, status_of
from lipsync.server.locale import accepted_language


@dataclass(frozen=True)
class Refusal:
    """A whole HTTP response, after which the connection is closed."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes

    def to_bytes(self) -> bytes:
        """The response as HTTP/1.1 has it (RFC 9112)."""
        line = f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}\r\n".encode()
        return line + b"".join(b"%s: %s\r\n" % header for header in self.headers) + b"\r\n" + self.body


def refuse(error: LipsyncError, path: str = "/", accept_language: str = "") -> Refusal:
    """``error`` in the form that the application uses at ``path``, in the language of ``Accept-Language``."""
    language = accepted_language(accept_language) or "en"
    form = openai_problem if form_of(path) == "openai" else problem
    body = json.dumps(form(error, language).model_dump(), ensure_ascii=False).encode()
    seconds = error.facts.get("seconds")
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    if seconds:
        headers.append((b"retry-after", str(seconds).encode()))
    headers += [(b"cache-control", b"no-store"), (b"connection", b"close")]
    return Refusal(status_of(error), tuple(headers), body)
