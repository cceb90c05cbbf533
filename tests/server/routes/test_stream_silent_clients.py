"""``/api/v1/stream``: clients that send nothing, or a byte now and then, are told that they were idle."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.helpers.gunicorn_server import Server, serve
from tests.helpers.live_client import LiveClient, live

pytestmark = pytest.mark.system

APP = "tests.helpers.apps.live_conversation:app"
IDLE = [{"type": "closing", "reason": "idle", "seconds": 0.0}]
MAX_IDLE_S = 1.0
BYTE_S = MAX_IDLE_S / 5
"""Seconds between two bytes."""
HALF_MESSAGE = b"\x81\xfe\x03\xe8" + b"mask" + b"x" * 600
"""The beginning of a text message of 1,000 bytes, as a client sends it (RFC 6455, 5.2)."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("silent")
    with serve(folder, APP, LIPSYNC_TALKS="4", TEST_MAX_IDLE_S=str(MAX_IDLE_S)) as running:
        yield running
    assert "Traceback" not in running.log.read_text()


def check_told(client: LiveClient) -> None:
    client.finish()
    assert client.of("closing") == IDLE
    assert client.close_code == 1000
    assert not client.of("error")


@pytest.mark.parametrize("starts", [False, True], ids=["at all", "after start"])
def test_nothing(server: Server, starts: bool) -> None:
    with live(server) as client:
        if starts:
            client.start()
        check_told(client)


def test_a_byte_now_and_then(server: Server) -> None:
    """A message that is never complete is none."""
    ended = threading.Event()

    def trickle(client: LiveClient) -> None:
        for byte in HALF_MESSAGE:
            if ended.wait(BYTE_S):
                return
            with suppress(OSError):  # the server has closed
                client.connection.socket.sendall(bytes([byte]))

    with live(server) as client:
        thread = threading.Thread(target=trickle, args=(client,))
        thread.start()
        try:
            check_told(client)
        finally:
            ended.set()
            thread.join()
    with live(server) as next_client:
        assert next_client.ask("Hello")["full_text"] == "Paris it is."
