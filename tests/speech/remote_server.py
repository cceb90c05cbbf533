"""A voice on another machine, for tests: a real HTTP server on the loopback that may behave as badly as it likes."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np

from lipsync.media.sound_file import SoundFile
from lipsync.media.sound_writer import SoundWriter
from lipsync.speech.espeak import EspeakVoice


@dataclass(frozen=True)
class Asked:
    path: str
    headers: dict[str, str]
    body: dict[str, object]


Behaviour = Callable[[BaseHTTPRequestHandler, str], None]
"""Answers a request for a text."""


@dataclass
class RemoteServer:
    """What the next requests get, and what was asked."""

    port: int = 0
    behaviours: list[Behaviour] = field(default_factory=list)
    """Taken in turn; the last one stays."""
    asked: list[Asked] = field(default_factory=list)
    leave: threading.Event = field(default_factory=threading.Event)
    """Set at the end: whoever dawdles is to stop."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/speak"

    def behave(self, *behaviours: Behaviour) -> None:
        self.behaviours[:] = behaviours
        self.asked.clear()


@contextlib.contextmanager
def remote_server(host: str = "127.0.0.1") -> Iterator[RemoteServer]:
    remote = RemoteServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            remote.asked.append(Asked(self.path, dict(self.headers), body))
            self.close_connection = True
            behave = remote.behaviours.pop(0) if len(remote.behaviours) > 1 else remote.behaviours[0]
            with contextlib.suppress(ConnectionError):  # who waits no longer has gone
                behave(self, str(body.get("text", body.get("input"))))

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        daemon_threads = True

    server = Server((host, 0), Handler)
    remote.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield remote
    finally:
        remote.leave.set()
        server.shutdown()
        thread.join()
        server.server_close()


def spoken(text: str) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """(n,) real speech, as if it had 24000 samples a second: a little fast and high, like a child."""
    return np.concatenate([one.samples for one in EspeakVoice().speak(text, "en")])


def mp3(samples: np.ndarray[tuple[int], np.dtype[np.float32]]) -> bytes:
    writer = SoundWriter("mp3", 24000)
    return writer.add(samples) + writer.finish()


def wav(
    samples: np.ndarray[tuple[int], np.dtype[np.float32]], riff: int | None = None, data: int | None = None
) -> bytes:
    """With the true lengths, or with those that are given, as a server writes them that streams."""
    with SoundFile("wav", 24000) as file:
        file.add(samples)
        file.finish()
        whole = bytearray(b"".join(file.read()))
    for place, length in ((4, riff), (40, data)):
        if length is not None:
            whole[place : place + 4] = length.to_bytes(4, "little")
    return bytes(whole)


def answers_in_chunks(body: bytes, *, whole: bool = True) -> Behaviour:
    """Chunked, with or without the last chunk of 0 bytes."""

    def behave(handler: BaseHTTPRequestHandler, _: str) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "audio/wav")
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        for start in range(0, len(body), 5000):
            piece = body[start : start + 5000]
            handler.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        handler.wfile.write(b"0\r\n\r\n" if whole else b"")

    return behave


def answers_until_it_hangs_up(body: bytes) -> Behaviour:
    """As in HTTP/1.0: the answer ends where the connection does."""

    def behave(handler: BaseHTTPRequestHandler, _: str) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "audio/wav")
        handler.send_header("Connection", "close")
        handler.end_headers()
        handler.wfile.write(body)

    return behave


def answers(status: int = 200, body: bytes = b"", kind: str = "audio/mpeg", **headers: str) -> Behaviour:
    def behave(handler: BaseHTTPRequestHandler, _: str) -> None:
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        for name, value in {"Content-Length": str(len(body)), **named}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    return behave


def speaks(handler: BaseHTTPRequestHandler, text: str) -> None:
    """As a good server does."""
    answers(body=mp3(spoken(text)))(handler, text)


def speaks_half(handler: BaseHTTPRequestHandler, text: str) -> None:
    """The length of the whole is promised, half of it sent."""
    whole = mp3(spoken(text))
    answers(body=whole[: len(whole) // 2], Content_Length=str(len(whole)))(handler, text)


def hangs_up(handler: BaseHTTPRequestHandler, _: str) -> None:
    handler.connection.shutdown(socket.SHUT_RDWR)


def redirects(to: str, status: int = 307) -> Behaviour:
    return answers(status, Location=to)


def drips(remote: RemoteServer) -> Behaviour:
    """Headers at once, then a byte of sound now and then: no single step takes long."""

    def behave(handler: BaseHTTPRequestHandler, _: str) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "audio/mpeg")
        handler.end_headers()
        while not remote.leave.wait(0.02):
            handler.wfile.write(b"\xff")

    return behave


def says_nothing(remote: RemoteServer) -> Behaviour:
    return lambda _handler, _text: (remote.leave.wait(), None)[1]
