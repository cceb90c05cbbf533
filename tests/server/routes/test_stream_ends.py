"""``/api/v1/stream``: the server stops, clients vanish or do not read, and turns in a loop leave nothing over."""

from __future__ import annotations

import io
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import av
import psutil
import pytest

from tests.helpers.eventually import eventually
from tests.helpers.gunicorn_server import PATIENCE, Server, serve
from tests.helpers.live_client import LiveClient, check_sound, live, spoken
from tests.server.gunicorn.test_worker import worker_of

pytestmark = pytest.mark.system

APP = "tests.helpers.apps.live_conversation:app"
LONG = "repeat: " + "This is one of the sentences. " * 30
QUESTION = spoken("What is the capital of France?")
TALKS = 4
ROUNDS = 10
MAX_GROWTH_BYTES = 24_000_000
"""Of the memory during the loop: allocators do not give back everything."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve(tmp_path_factory.mktemp("ends"), APP, LIPSYNC_TALKS=str(TALKS)) as running:
        yield running
    log = running.log.read_text()
    assert "Traceback" not in log
    assert " ERROR " not in log


def vanish(client: LiveClient) -> None:
    """The connection breaks, without a close frame."""
    client.connection.socket.shutdown(socket.SHUT_RDWR)


def use(server: Server) -> None:
    """Turns of all kinds, each in a connection of its own, all as fast as they go."""
    with live(server) as client:
        client.is_fast = True
        for question in ("repeat: One. Two.", "Hello"):
            client.ask(question)
    with live(server) as client:
        client.is_fast = True
        client.start(binary=True, want={"video": "fmp4"}, turn={"mode": "manual"})
        client.hear(QUESTION)
        client.send(type="commit")
        client.until("done")
        client.send(type="chat", message=LONG)
        client.until("frame")
        client.send(type="interrupt")
        client.until("interrupted")
        client.send(type="say", text="Three.")
        client.until("done")
    with live(server) as client:
        client.start(want={"video": "fmp4"})
        client.send(type="chat", message=LONG)
        client.until("frame")
        vanish(client)


def left_over(worker: psutil.Process) -> tuple[int, int, int, int]:
    """Numbers of threads, open files and sockets, connections, and children."""
    return worker.num_threads(), worker.num_fds(), len(worker.net_connections()), len(worker.children())


def test_turns_in_a_loop_leave_nothing_over(server: Server) -> None:
    worker = worker_of(server)
    outputs = [one for one in (server.log.parent / "outputs").rglob("*") if one.is_file()]
    for _ in range(3):  # until all threads have been started
        use(server)
    before: list[tuple[int, int, int, int]] = []
    eventually(lambda: before.append(left_over(worker)) or before[-1][2] <= 1, lambda: before[-1])  # type: ignore[func-returns-value]
    memory = worker.memory_info().rss
    for _ in range(ROUNDS):
        use(server)
    threads = 3 * TALKS + 2 + 2 * TALKS
    # The pool of database connections, three files each, may have grown by one or two.
    allowed = (before[-1][1] + 6, *before[-1][2:])
    eventually(
        lambda: all(now <= most for now, most in zip(left_over(worker)[1:], allowed, strict=True)),
        lambda: (before[-1], left_over(worker)),
    )
    assert worker.num_threads() <= before[-1][0] + threads
    assert worker.memory_info().rss - memory < MAX_GROWTH_BYTES
    assert [one for one in (server.log.parent / "outputs").rglob("*") if one.is_file()] == outputs


def test_many_questions_at_once_are_answered_by_the_last(server: Server) -> None:
    """A client that does not wait: each question takes the place of the one before."""
    with live(server) as client:
        client.is_fast = True
        client.start(want={"blendshapes": "none"})
        for number in range(100):
            client.send(type="chat", message=f"repeat: This is number {number}.")
        client.send(type="chat", message="repeat: The last one.")
        while client.until("done")["full_text"] != "The last one.":
            pass


def test_a_client_that_reads_nothing_for_a_while_gets_everything(server: Server) -> None:
    """Sound, weights and video wait for it, whole and in order."""
    with socket.socket() as plain:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        plain.connect(("127.0.0.1", server.port))
        with live(server, sock=plain, max_queue=1) as client:
            client.start(want={"video": "fmp4", "blendshapes": "both"}, fps=60)
            client.send(type="chat", message=f"repeat: {'Nine ten eleven. ' * 3}", id="slow")
            client.until("frame")
            with live(server) as other:
                other.is_fast = True
                for _ in range(5):
                    assert other.ask("Hello")["full_text"] == "Paris it is."
            done = client.until("done")
    check_sound(client.sound(), done["total_duration"])
    with av.open(io.BytesIO(client.video())) as file:
        frames = sum(1 for _ in file.decode(video=0))
    assert frames == pytest.approx(done["total_duration"] * 25, abs=2)


def test_a_stop_in_mid_sentence_is_announced(tmp_path: Path) -> None:
    """To one who is spoken to, to one whose model writes nothing any more, and to one who is silent."""
    with serve(tmp_path, APP) as running, live(running) as spoken_to, live(running) as waiting, live(running) as idle:
        for client in (spoken_to, waiting, idle):
            conversation = client.start()["conversation"]
        spoken_to.send(type="chat", message=LONG)
        waiting.send(type="chat", message="repeat: |never")
        waiting.until("state", state="thinking")
        spoken_to.until("frame")
        running.process.send_signal(signal.SIGTERM)
        for client in (spoken_to, waiting, idle):
            client.finish()
            assert client.of("closing") == [{"type": "closing", "reason": "stopping", "seconds": 2.0}]
            assert client.close_code == 1001
        assert running.process.wait(PATIENCE) == 0
    assert conversation
    assert "Traceback" not in running.log.read_text()
