"""``/api/v1/stream``: thirty connections at once are dropped, at each stage of the protocol: nothing is left over."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import psutil
import pytest

from tests.helpers.eventually import eventually
from tests.helpers.gunicorn_server import Server, serve
from tests.helpers.live_client import LiveClient, live, spoken
from tests.helpers.raw_http import connected
from tests.server.gunicorn.test_worker import worker_of

pytestmark = pytest.mark.system

APP = "tests.helpers.apps.live_conversation:app"
COUNT = 30
QUESTION = spoken("What is the capital of France?")
LONG = "repeat: " + "This is one of the sentences. " * 30
HALF_HEAD = b"GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\nConnection: Upgr"
HALF_MESSAGE = b"\x81\xfe\x03\xe8" + b"mask" + b"x" * 600
"""The beginning of a text message of 1,000 bytes, as a client sends it (RFC 6455, 5.2)."""
SPARE_FILES = 20
"""The pool of database connections may grow: five of four files each; thirty connections would leave more."""
ENDED = "WebSocket /api/v1/stream ended"


def says_nothing(_: LiveClient) -> None:
    pass


def starts(client: LiveClient) -> None:
    client.send(type="start", want={"video": "fmp4"})


def is_ready(client: LiveClient) -> None:
    client.start(want={"video": "fmp4"}, turn={"mode": "manual"})


def writes_half_a_message(client: LiveClient) -> None:
    client.start()
    client.connection.socket.sendall(HALF_MESSAGE)


def speaks(client: LiveClient) -> None:
    is_ready(client)
    client.hear(QUESTION[: len(QUESTION) // 2])


def commits(client: LiveClient) -> None:
    is_ready(client)
    client.hear(QUESTION)
    client.send(type="commit")


def asks(client: LiveClient) -> None:
    client.send(type="chat", message=LONG)


def waits(client: LiveClient) -> None:
    client.start()
    client.send(type="chat", message="repeat: |never")
    client.until("state", state="thinking")


def is_spoken_to(client: LiveClient) -> None:
    is_ready(client)
    client.send(type="chat", message=LONG)
    client.until("frame")


def interrupts(client: LiveClient) -> None:
    asks(client)
    client.until("frame")
    client.send(type="interrupt")


def asks_again(client: LiveClient) -> None:
    asks(client)
    client.until("frame")
    asks(client)


STAGES = (
    says_nothing,
    starts,
    is_ready,
    writes_half_a_message,
    speaks,
    commits,
    asks,
    waits,
    is_spoken_to,
    interrupts,
    asks_again,
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve(tmp_path_factory.mktemp("dropped"), APP, LIPSYNC_TALKS=str(COUNT)) as running:
        yield running
    log = running.log.read_text()
    assert "Traceback" not in log
    assert " ERROR " not in log


@pytest.fixture(scope="module")
def files(server: Server) -> int:
    """Open files and sockets of the server without a connection, once all that it opens by the way is open."""
    for stage in (interrupts, commits):
        drop_websockets(server, stage)
    return worker_of(server).num_fds()


def ended(server: Server) -> int:
    """How many WebSockets have ended."""
    return server.log.read_text().count(ENDED)


def drop_websockets(server: Server, stage: Callable[[LiveClient], None]) -> None:
    """Bring COUNT connections to ``stage``, drop them without a close frame, and wait for the end of each."""
    before = ended(server)
    with ExitStack() as stack:
        clients = [stack.enter_context(live(server)) for _ in range(COUNT)]
        for client in clients:
            stage(client)
        for client in clients:
            client.connection.socket.shutdown(socket.SHUT_RDWR)
    eventually(lambda: ended(server) == before + COUNT, lambda: ended(server) - before, interval_s=0.05)


def check_nothing_left(server: Server, files: int) -> None:
    """Neither a file, a socket nor a child, and the next one is answered."""
    worker = worker_of(server)

    def is_listening_only() -> bool:
        return all(one.status == psutil.CONN_LISTEN for one in worker.net_connections())

    before = ended(server)
    with live(server) as client:
        client.is_fast = True
        assert client.ask("Hello")["full_text"] == "Paris it is."
    eventually(lambda: ended(server) == before + 1, interval_s=0.05)
    eventually(is_listening_only, worker.net_connections, interval_s=0.05)
    eventually(
        lambda: worker.num_fds() <= files + SPARE_FILES,
        lambda: (files, worker.num_fds(), worker.open_files()),
        timeout_s=10,
        interval_s=0.05,
    )
    assert worker.children() == []


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.__name__)
def test_a_websocket_that_is_dropped(server: Server, files: int, stage: Callable[[LiveClient], None]) -> None:
    drop_websockets(server, stage)
    check_nothing_left(server, files)


@pytest.mark.parametrize("head", [b"", HALF_HEAD], ids=["no byte", "half a head"])
def test_a_connection_that_is_dropped_before_its_handshake(server: Server, files: int, head: bytes) -> None:
    with ExitStack() as stack:
        clients = [stack.enter_context(connected(server)) for _ in range(COUNT)]
        for client in clients:
            client.sendall(head)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # closed by a reset
    check_nothing_left(server, files)
