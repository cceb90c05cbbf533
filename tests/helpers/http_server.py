"""A real HTTP server on this machine that answers as the test says, and remembers what it was asked."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class ReceivedRequest:
    """One request that the server received."""

    method: str
    path: str
    headers: dict[str, str]
    """By lower-case name."""
    body: bytes

    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.body)


Behaviour = Callable[[BaseHTTPRequestHandler, ReceivedRequest], None]
"""Answers one request."""


@dataclass
class HttpServer:
    """A running server."""

    scheme: str
    host: str
    port: int = 0
    behaviours: list[Behaviour] = field(default_factory=list)
    """Taken in turn; the last one stays."""
    requests: list[ReceivedRequest] = field(default_factory=list)
    connections: list[str] = field(default_factory=list)
    """Addresses of the clients that connected, whether they sent a request or not."""
    closing: threading.Event = field(default_factory=threading.Event)
    """Set when the server closes: a behaviour that waits must return."""

    def url(self, path: str = "/", host: str | None = None) -> str:
        return f"{self.scheme}://{host or self.host}:{self.port}{path}"

    def behave(self, *behaviours: Behaviour) -> None:
        """Answer the next requests so, and forget the earlier requests."""
        self.behaviours[:] = behaviours
        self.requests.clear()


@contextlib.contextmanager
def http_server(
    host: str = LOOPBACK, behaviour: Behaviour | None = None, *, certificate: Path | None = None
) -> Iterator[HttpServer]:
    """A server until the block ends; with a certificate it speaks https."""
    server = HttpServer("https" if certificate else "http", host)
    if behaviour is not None:
        server.behave(behaviour)
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = ReceivedRequest(self.command, self.path, headers, body)
            self.close_connection = True
            with lock:
                server.requests.append(request)
                behave = server.behaviours.pop(0) if len(server.behaviours) > 1 else server.behaviours[0]
            with contextlib.suppress(OSError):  # the client has left
                behave(self, request)

        do_GET = do_POST = _answer

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        daemon_threads = True

        def process_request(self, request: Any, client_address: Any) -> None:
            server.connections.append(str(client_address[0]))
            super().process_request(request, client_address)

        def finish_request(self, request: Any, client_address: Any) -> None:
            if certificate is not None:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(certificate)
                try:
                    request = context.wrap_socket(request, server_side=True)
                except OSError:  # the client does not trust the certificate, or does not speak TLS
                    return
            super().finish_request(request, client_address)
            if certificate is not None:
                request.close()

        def handle_error(self, *_: object) -> None:
            pass

    listener = Server((host, 0), Handler)
    server.port = listener.server_address[1]
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.closing.set()
        listener.shutdown()
        thread.join()
        listener.server_close()


# ---- behaviours


def respond(status: int = 200, body: bytes = b"", **headers: str) -> Behaviour:
    """Answer with this; an underscore in the name of a header stands for a hyphen."""

    def behave(handler: BaseHTTPRequestHandler, _: ReceivedRequest) -> None:
        handler.send_response(status)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        for name, value in {"Content-Length": str(len(body)), **named}.items():
            handler.send_header(name, value.encode().decode("latin-1"))  # as many a server does: UTF-8
        handler.end_headers()
        handler.wfile.write(body)

    return behave


def redirect(to: str, status: int = 302) -> Behaviour:
    return respond(status, Location=to)


def respond_endlessly(server: HttpServer, piece: bytes = b"x" * 65536, **headers: str) -> Behaviour:
    """Send a body without a stated length and without an end."""

    def behave(handler: BaseHTTPRequestHandler, _: ReceivedRequest) -> None:
        _send_head(handler, headers)
        while not server.closing.is_set():
            handler.wfile.write(piece)

    return behave


def respond_slowly(server: HttpServer, byte: bytes = b"x", **headers: str) -> Behaviour:
    """Send the headers at once, then one byte each 20 ms without an end: no single read takes long."""

    def behave(handler: BaseHTTPRequestHandler, _: ReceivedRequest) -> None:
        _send_head(handler, headers)
        while not server.closing.wait(0.02):
            handler.wfile.write(byte)

    return behave


def never_respond(server: HttpServer) -> Behaviour:
    """Receive the request and send nothing."""
    return lambda _handler, _request: (server.closing.wait(), None)[1]


def hang_up(handler: BaseHTTPRequestHandler, _: ReceivedRequest) -> None:
    """Close the connection instead of answering."""
    handler.connection.shutdown(socket.SHUT_RDWR)


def _send_head(handler: BaseHTTPRequestHandler, headers: dict[str, str]) -> None:
    handler.send_response(200)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
