"""Servers that speak the protocols of Ollama and of OpenAI, as the tests let them behave."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

from tests.helpers.http_server import HttpServer, ReceivedRequest, http_server

PIECES = ("The capital", " of France", " is Paris", ".", " It lies", " on the Seine", ".")


@dataclass
class FakeModelServer:
    """Behaves as Ollama (``/api/…``) and as an OpenAI-compatible server (``/v1/…``)."""

    models: list[str] = field(default_factory=lambda: ["llama3.2:latest", "other:1b"])
    pieces: tuple[str, ...] = PIECES
    hang_after: int | None = None
    """Pieces after which nothing more comes, though the connection stays."""
    break_after: int | None = None
    """Pieces after which the connection ends."""
    error_after: int | None = None
    """Pieces after which an error comes in place of a piece."""
    status: int = 200
    junk: bytes = b""
    """Sent in place of a reply."""
    released: threading.Event = field(default_factory=threading.Event)
    """Set when a client hung up while the server waited."""
    http: HttpServer | None = None

    @property
    def url(self) -> str:
        assert self.http is not None
        return self.http.url("")

    def requests(self, path: str) -> list[ReceivedRequest]:
        """What it was asked at ``path``."""
        assert self.http is not None
        return [request for request in self.http.requests if request.path == path]

    def answer(self, handler: BaseHTTPRequestHandler, request: ReceivedRequest) -> None:
        if self.status != 200 and request.path not in ("/api/tags", "/v1/models"):
            self._send(handler, json.dumps({"error": "model not found"}).encode(), self.status)
        elif request.path == "/api/tags":
            self._send(
                handler, json.dumps({"models": [{"model": name, "name": name} for name in self.models]}).encode()
            )
        elif request.path == "/v1/models":
            self._send(
                handler, json.dumps({"data": [{"id": name, "object": "model"} for name in self.models]}).encode()
            )
        elif request.path == "/api/generate":
            body = request.json()
            self._send(handler, json.dumps({"model": body["model"], "response": "", "done": True}).encode())
        elif request.path == "/api/chat" and not request.json().get("stream"):
            self._send(handler, self._ollama_line("", done=True))
        elif request.path in ("/api/chat", "/v1/chat/completions"):
            self._stream(handler, is_ollama=request.path == "/api/chat")
        else:
            self._send(handler, b'{"error": "not found"}', 404)

    def _send(self, handler: BaseHTTPRequestHandler, body: bytes, status: int = 200) -> None:
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def _stream(self, handler: BaseHTTPRequestHandler, *, is_ollama: bool) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "application/x-ndjson" if is_ollama else "text/event-stream")
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        if self.junk:
            self._chunk(handler, self.junk)
        for number, piece in enumerate(() if self.junk else self.pieces):
            if number == self.break_after:
                return
            if number == self.hang_after:
                self._hang(handler)
                return
            if number == self.error_after:
                line = json.dumps({"error": "out of memory"}).encode()
                self._chunk(handler, line + b"\n" if is_ollama else b"data: " + line + b"\n\n")
                return
            self._chunk(handler, self._ollama_line(piece) if is_ollama else self._openai_event(piece))
        if not self.junk:
            self._chunk(handler, self._ollama_line("", done=True) if is_ollama else b"data: [DONE]\n\n")
        handler.wfile.write(b"0\r\n\r\n")

    def _hang(self, handler: BaseHTTPRequestHandler) -> None:
        assert self.http is not None
        handler.connection.settimeout(0.02)
        while not self.http.closing.is_set():
            with contextlib.suppress(TimeoutError):
                if handler.connection.recv(1) == b"":
                    self.released.set()
                    return

    @staticmethod
    def _ollama_line(piece: str, *, done: bool = False) -> bytes:
        fields = {"model": "llama3.2", "created_at": "2026-12-01T00:00:00Z", "done": done}
        return json.dumps({**fields, "message": {"role": "assistant", "content": piece}}).encode() + b"\n"

    @staticmethod
    def _openai_event(piece: str) -> bytes:
        event = {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"content": piece}}]}
        return b"data: " + json.dumps(event).encode() + b"\n\n"

    @staticmethod
    def _chunk(handler: BaseHTTPRequestHandler, data: bytes) -> None:
        handler.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        handler.wfile.flush()


@contextlib.contextmanager
def model_server() -> Iterator[FakeModelServer]:
    """A server until the block ends."""
    fake = FakeModelServer()
    with http_server(behaviour=fake.answer) as http:
        fake.http = http
        yield fake
