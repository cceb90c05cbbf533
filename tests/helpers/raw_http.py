"""Clients that speak HTTP byte by byte, for tests."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tests.helpers.gunicorn_server import PATIENCE, Server


@contextmanager
def connected(server: Server, *, holds: int | None = None) -> Iterator[socket.socket]:
    """A connection to ``server``; its system takes ``holds`` bytes or so that nobody reads."""
    with socket.socket() as client:
        if holds is not None:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, holds)
        client.settimeout(PATIENCE)
        client.connect(("127.0.0.1", server.port))
        yield client


def get(path: str, *more: str) -> bytes:
    """The bytes of a request."""
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: x", *more, "", ""]).encode()


def to_the_end(client: socket.socket) -> bytes:
    """All that comes until the server closes; a reset ends it too."""
    came = b""
    with suppress(ConnectionError):
        while data := client.recv(1 << 20):
            came += data
    return came


def is_closed(client: socket.socket) -> bool:
    """Whether the server has closed, at this moment."""
    client.setblocking(False)
    try:
        return client.recv(1 << 20) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True
