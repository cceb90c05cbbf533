"""A web server of files on the loopback, and how a test lets the fetcher speak to it."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import unquote, urlsplit

from lipsync.net.http_client import HttpStream, open_url
from lipsync.weights.download import host_of, translate_request_errors
from lipsync.weights.errors import DownloadError
from tests.helpers.http_server import ReceivedRequest, http_server

ENTRY: dict[str, Any] = {
    "name": "small",
    "licence": "none",
    "restricted": False,
    "size": 10,
    "sha256": "0" * 64,
    "path": "small.pth",
    "ask": "https://example.org/",
}
"""A valid entry of the catalogue."""


@dataclass
class Site:
    """What is served, and what was asked."""

    files: dict[str, bytes] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    etag: str = '"one"'
    ranges: bool = True
    breaks_after: int | None = None
    """The connection is closed after so many bytes of the body."""
    lies_of_length: bool = False
    """No Content-Length is sent."""
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    @contextlib.contextmanager
    def open(
        self, url: str, headers: Mapping[str, str], secret: Mapping[str, str] | None = None
    ) -> Iterator[HttpStream]:
        """As open_download does, but from this server, whatever host the URL names."""
        assert url.startswith("https://")
        here = f"http://127.0.0.1:{self.port}{urlsplit(url).path}"
        with (
            translate_request_errors(url),
            open_url("GET", here, headers=headers, secret=secret, timeout_s=10, allow_private=True) as response,
        ):
            if not response.is_success:
                raise DownloadError("download_refused", host=host_of(url), status=response.status)
            yield response

    def answer(self, handler: BaseHTTPRequestHandler, request: ReceivedRequest) -> None:
        """The file of the path, from the byte on that a valid range names."""
        self.asked.append((request.path, request.headers))
        body = self.files.get(unquote(request.path))
        if body is None:
            handler.send_error(404)
            return
        start = 0
        wanted = re.fullmatch(r"bytes=(\d+)-", request.headers.get("range", ""))
        if wanted and self.ranges and request.headers.get("if-range") == self.etag:
            start = int(wanted[1])
            handler.send_response(206)
            handler.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        else:
            handler.send_response(200)
        handler.send_header("ETag", self.etag)
        handler.send_header("Content-Type", self.types.get(request.path, "application/octet-stream"))
        if not self.lies_of_length:
            handler.send_header("Content-Length", str(len(body) - start))
        handler.end_headers()
        handler.wfile.write(body[start:][: self.breaks_after])

    port: int = 0


@contextlib.contextmanager
def serving() -> Iterator[Site]:
    site = Site()
    with http_server(behaviour=site.answer) as server:
        site.port = server.port
        yield site
