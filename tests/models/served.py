"""A web server of files on the loopback, and how a test lets the fetcher speak to it."""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit
from urllib.request import ProxyHandler, Request, build_opener

from lipsync.models.web import Response, said_plainly


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

    def open(self, address: str, headers: Mapping[str, str]) -> contextlib.AbstractContextManager[Response]:
        """As open_public does, but to this server, whatever host the address names."""
        return self._opened(address, headers)

    @contextlib.contextmanager
    def _opened(self, address: str, headers: Mapping[str, str]) -> Iterator[Response]:
        parts = urlsplit(address)
        assert parts.scheme == "https"
        opener = build_opener(ProxyHandler({}))
        with said_plainly(parts.hostname or ""):
            response = opener.open(
                Request(f"http://127.0.0.1:{self.port}{parts.path}", headers=dict(headers)), timeout=10
            )
        with response:
            yield response

    port: int = 0


@contextlib.contextmanager
def serving() -> Iterator[Site]:
    site = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.asked.append((self.path, dict(self.headers)))
            body = site.files.get(unquote(self.path))
            if body is None:
                self.send_error(404)
                return
            start = 0
            wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
            if wanted and site.ranges and self.headers.get("If-Range") == site.etag:
                start = int(wanted[1])
                self.send_response(206)
                self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
            else:
                self.send_response(200)
            self.send_header("ETag", site.etag)
            self.send_header("Content-Type", site.types.get(self.path, "application/octet-stream"))
            if not site.lies_of_length:
                self.send_header("Content-Length", str(len(body) - start))
            self.end_headers()
            rest = body[start:]
            self.wfile.write(rest if site.breaks_after is None else rest[: site.breaks_after])

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
