"""WebSockets: with the protection of HTTP, with idle, slow and vanished clients, and when the server stops."""

from __future__ import annotations

import base64
import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.helpers.apps.websocket_echo import MESSAGE
from tests.helpers.gunicorn_server import PATIENCE, Server, serve, wait_until
from tests.helpers.raw_http import connected, to_the_end
from tests.server.gunicorn.test_worker import SHORT_TIMEOUTS, worker_of

pytestmark = pytest.mark.system

APP = "tests.helpers.apps.websocket_echo:app"
CLOSED_WITHIN_S = 10.0
FLOOD_BYTES = 2_000_000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """With short limits: three seconds of silence are too long for all but a WebSocket."""
    with serve(tmp_path_factory.mktemp("websockets"), APP, *SHORT_TIMEOUTS) as running:
        yield running


def opened(server: Server, path: str = "/api/echo", **headers: str) -> ClientConnection:
    """A WebSocket of ``server``."""
    return connect(
        f"ws://127.0.0.1:{server.port}{path}",
        additional_headers={name.replace("_", "-"): value for name, value in headers.items()},
        open_timeout=PATIENCE,
        proxy=None,
    )


def handshake(path: str) -> bytes:
    """The bytes of a request for a WebSocket."""
    key = base64.b64encode(os.urandom(16)).decode()
    lines = (f"GET {path} HTTP/1.1", "Host: localhost", "Connection: Upgrade", "Upgrade: websocket")
    return "\r\n".join([*lines, "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {key}", "", ""]).encode()


def close_code(client: ClientConnection) -> int | None:
    """The code of the close frame that comes next."""
    with pytest.raises(ConnectionClosed):
        client.recv(timeout=CLOSED_WITHIN_S)
    return client.close_code


def test_text_and_bytes_are_echoed(server: Server) -> None:
    with opened(server) as client:
        for message in ("Привет", b"\x00\xff", "x" * 100_000, "", b""):
            client.send(message)
            assert client.recv(PATIENCE) == message


def test_an_endpoint_knows_who_calls(server: Server) -> None:
    with opened(server) as client:
        client.send("who")
        assert client.recv(PATIENCE) == "address 127.0.0.1: who"


def test_a_request_without_an_upgrade_is_told_so(server: Server) -> None:
    answer = server.ask("GET", "/api/echo")
    assert (answer.status, answer.headers["Upgrade"]) == (426, "websocket")


@pytest.mark.parametrize(
    ("path", "headers", "status", "code"),
    [
        ("/api/nothing", {}, 404, b"not_found"),
        ("/api/echo", {"X_API_Key": "lips_wrong"}, 401, b"wrong_key"),
        ("/api/echo", {"Origin": "https://stranger.example"}, 403, b"other_site"),
        ("/api/echo", {"Sec_Fetch_Site": "cross-site"}, 403, b"other_site"),
        ("/api/echo", {"X_Forwarded_For": "203.0.113.7"}, 401, b"no_key"),
    ],
)
def test_a_handshake_passes_through_the_protection_of_the_other_routes(
    server: Server, path: str, headers: dict[str, str], status: int, code: bytes
) -> None:
    with pytest.raises(InvalidStatus) as refused:
        opened(server, path, **headers)
    response = refused.value.response
    assert response.status_code == status
    assert response.body is not None
    assert code in response.body


def test_a_handshake_is_in_the_log(server: Server) -> None:
    with opened(server):
        pass
    wait_until(lambda: "WebSocket /api/echo ended" in server.log.read_text(), server)
    assert "GET /api/echo 101" in server.log.read_text()


def test_an_idle_client_is_kept(server: Server) -> None:
    with opened(server) as client:
        time.sleep(4)  # longer than each of the server's limits
        client.send("still here")
        assert client.recv(PATIENCE) == "still here"


def test_many_idle_clients_hold_nobody_up(server: Server) -> None:
    with ExitStack() as stack:
        clients = [stack.enter_context(connected(server)) for _ in range(200)]
        for client in clients:
            client.sendall(handshake("/api/echo"))
        for client in clients:
            assert client.recv(4096).startswith(b"HTTP/1.1 101 ")
        assert server.ask("GET", "/api/health").status == 200
        with opened(server) as other:
            other.send("hello")
            assert other.recv(PATIENCE) == "hello"


def test_a_client_that_vanishes_is_noticed(server: Server) -> None:
    outputs = server.log.parent / "outputs"
    with connected(server) as client:
        client.sendall(handshake("/api/echo"))
        assert client.recv(4096).startswith(b"HTTP/1.1 101 ")
    wait_until(lambda: bool(list(outputs.glob("left *"))), server)


def test_a_message_that_is_too_large_ends_the_connection(server: Server) -> None:
    with opened(server) as client:
        client.send(b"x" * 1_000_001)
        assert close_code(client) == 1009


def test_an_endpoint_that_fails_closes_with_1011(server: Server) -> None:
    with opened(server, "/api/broken") as client:
        assert close_code(client) == 1011
    assert "a WebSocket endpoint failed: /api/broken" in server.log.read_text()


def test_a_client_that_reads_nothing_is_given_up(server: Server) -> None:
    with connected(server, holds=4096) as client:
        client.sendall(handshake(f"/api/flood/{50 * FLOOD_BYTES}"))
        assert client.recv(100)
        wait_until(lambda: "too slow to take its answer" in server.log.read_text(), server)


def test_a_client_that_reads_slowly_gets_everything_and_holds_nobody_up(tmp_path: Path) -> None:
    """1 kB a second, of 2 MB that wait, with the limits of the product."""
    with serve(tmp_path, APP) as running, connected(running, holds=4096) as client:
        worker: psutil.Process = worker_of(running)
        client.sendall(handshake(f"/api/flood/{FLOOD_BYTES}"))
        came = client.recv(1000)
        before = worker.memory_info().rss
        for _ in range(5):
            came += client.recv(1000)
            assert running.ask("GET", "/api/health").status == 200
            with opened(running) as other:
                other.send("hello")
                assert other.recv(PATIENCE) == "hello"
            time.sleep(1)
        assert worker.memory_info().rss - before < FLOOD_BYTES
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, FLOOD_BYTES)
        came += to_the_end(client)
        head, _, frames = came.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101 ")
        assert frames.count(MESSAGE) == FLOOD_BYTES // len(MESSAGE)
        assert running.stop() == 0
    assert "Traceback" not in running.log.read_text()


def test_a_stop_closes_all_with_1001(tmp_path: Path) -> None:
    """Also one whose endpoint does not look at it, in spite of one that does not read; one says goodbye before."""
    with (
        serve(tmp_path, APP, *SHORT_TIMEOUTS) as running,
        connected(running, holds=4096) as slow,
        ExitStack() as stack,
    ):
        slow.sendall(handshake(f"/api/flood/{50 * FLOOD_BYTES}"))
        assert slow.recv(100)
        idle = [stack.enter_context(opened(running)) for _ in range(3)]
        silent = stack.enter_context(opened(running, "/api/silent"))
        polite = stack.enter_context(opened(running, "/api/polite"))
        began = time.monotonic()
        running.process.send_signal(signal.SIGTERM)
        assert polite.recv(PATIENCE) == "goodbye"
        assert {close_code(client) for client in (*idle, silent, polite)} == {1001}
        assert running.process.wait(PATIENCE) == 0
        assert time.monotonic() - began < CLOSED_WITHIN_S
    outputs = tmp_path / "outputs"
    assert (outputs / "cancelled").exists()
    assert "Traceback" not in running.log.read_text()
