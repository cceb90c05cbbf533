"""Clients that are slow, silent or gone: others are served meanwhile, and threads and files come back.

The worker is ours with a short patience (tests/web/patience.py), and has eight threads.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress

import psutil
import pytest

from lipsync.serving.client_socket import Patience
from tests.serving.test_worker import APP, HASTY, worker_of
from tests.web.patience import THREADS
from tests.web.raw import connected, get, is_closed, to_the_end
from tests.web.server import PATIENCE, Server, serve, wait_until


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve(tmp_path_factory.mktemp("slow"), APP, *HASTY) as running:
        assert_all_threads_are_free(running)  # each has been begun once
        yield running
    assert "Traceback" not in running.log.read_text()


@pytest.fixture(autouse=True)
def _what_was_taken_comes_back(server: Server) -> Iterator[None]:
    """After each test: as many threads and open files as before it, and every thread takes requests."""
    worker = worker_of(server)
    threads, files = worker.num_threads(), open_files(worker)
    yield
    wait_until(lambda: open_files(worker) <= files, server)
    assert_all_threads_are_free(server)
    assert worker.num_threads() <= threads


def open_files(worker: psutil.Process) -> int:
    return worker.num_fds()


def assert_all_threads_are_free(server: Server) -> None:
    with ThreadPoolExecutor(THREADS) as pool:
        answers = list(pool.map(lambda _: server.ask("GET", "/meet"), range(THREADS)))
    assert [answer.body for answer in answers] == [b"all"] * THREADS


def assert_others_are_served(server: Server) -> None:
    assert server.ask("GET", "/api/health").body == b"ok"
    assert server.ask("POST", "/length", b"a" * 100_000).body == b"100000"


@pytest.mark.parametrize("path", ["/big", "/endless"], ids=["a file", "a stream"])
def test_ten_bytes_a_second_of_a_large_answer(server: Server, path: str) -> None:
    with ExitStack() as opened:
        clients = [opened.enter_context(connected(server, holds=4096)) for _ in range(THREADS)]
        for client in clients:
            client.sendall(get(path))
        for _ in range(2):
            for client in clients:
                assert client.recv(10)
            assert_others_are_served(server)
            time.sleep(1)
        wait_until(lambda: "too slow to take its answer" in server.log.read_text(), server)


def test_a_head_byte_by_byte(server: Server) -> None:
    with ExitStack() as opened:
        clients = [opened.enter_context(connected(server)) for _ in range(50)]
        for byte in get("/api/health")[:20]:
            for client in clients:
                client.sendall(bytes([byte]))
            time.sleep(0.02)
        # All fifty are in the middle of their request, and eight threads are free for others.
        assert_all_threads_are_free(server)
        assert_others_are_served(server)
        assert all(to_the_end(client).startswith(b"HTTP/1.1 408 ") for client in clients)


def test_a_body_that_comes_slowly(server: Server) -> None:
    with ExitStack() as opened:
        clients = [opened.enter_context(connected(server)) for _ in range(THREADS)]
        for client in clients:
            client.sendall(b"POST /length HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n")
        end = time.monotonic() + PATIENCE
        while server.log.read_text().count("too slow to send") < THREADS and time.monotonic() < end:
            for client in clients:
                with suppress(ConnectionError):
                    client.sendall(b"a")
            time.sleep(0.2)
        assert_others_are_served(server)
        for client in clients:  # told 400 or cut off, by how far it was
            assert b"200 OK" not in to_the_end(client)


def test_a_body_that_comes_slowly_enough_is_taken(server: Server) -> None:
    with connected(server) as client:
        client.sendall(b"POST /length HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 20000\r\n\r\n")
        for _ in range(8):
            client.sendall(b"a" * 2500)
            time.sleep(0.3)
        assert to_the_end(client).endswith(b"20000")


def test_one_who_leaves_in_the_middle_of_a_download(server: Server) -> None:
    for path in ("/big", "/endless") * 10:
        with connected(server) as client:
            client.sendall(get(path))
            assert len(client.recv(1000)) > 0
    outputs = server.log.parent / "outputs"
    wait_until((outputs / "let go").exists, server)
    assert_others_are_served(server)


def test_five_hundred_idle_connections(server: Server) -> None:
    with ExitStack() as opened:
        clients = [opened.enter_context(connected(server)) for _ in range(500)]
        # gunicorn's own worker holds them up for minutes; /meet has ten seconds.
        assert_all_threads_are_free(server)
        assert_others_are_served(server)
        wait_until(lambda: all(is_closed(client) for client in clients), server)


def test_a_large_answer_is_whole_and_a_range_of_it(server: Server) -> None:
    with connected(server) as client:
        client.sendall(get("/big", "Range: bytes=1000-2999999", "Connection: close"))
        head, _, body = to_the_end(client).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 206 ")
    assert len(body) == 2_999_000
    assert len(server.ask("GET", "/big").body) == 64_000_000


@pytest.mark.parametrize(
    ("silent", "waited", "moved", "over"),
    [(29.9, 29.9, 0, False), (30, 30, 0, True), (0, 130, 50_001, False), (0, 130, 49_999, True)],
)
def test_patience(silent: float, waited: float, moved: int, over: bool) -> None:
    assert Patience(silence=30, rate=500).is_over(silent, waited, moved) is over


def test_patience_without_a_rate_is_over_only_in_silence() -> None:
    assert not Patience(silence=120, rate=0).is_over(119, 10_000, 1)
    assert Patience(silence=120, rate=0).is_over(120, 120, 1_000_000)
