"""Clients that are slow, silent or gone: others are served meanwhile, and threads and files come back.

The worker is ours with a short patience (tests/helpers/apps/short_timeouts.py), and has eight threads.
"""

from __future__ import annotations

import json
import re
import resource
import select
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path

import psutil
import pytest

from tests.helpers.apps.short_timeouts import THREADS
from tests.helpers.gunicorn_server import PATIENCE, Server, serve, wait_until
from tests.helpers.raw_http import connected, get, is_closed, to_the_end
from tests.server.gunicorn.test_worker import APP, SHORT_TIMEOUTS, worker_of

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve(tmp_path_factory.mktemp("slow"), APP, *SHORT_TIMEOUTS) as running:
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
    assert server.ask("POST", "/length", b"a" * 100_000, address="127.0.0.2").body == b"100000"


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
        while not all(map(has_answer, clients)) and time.monotonic() < end:
            for client in clients:
                with suppress(ConnectionError):
                    client.sendall(b"a")
            assert_others_are_served(server)
            time.sleep(0.2)
        for client in clients:  # refused or cut off, by how far it was
            assert b"200 OK" not in to_the_end(client)


def has_answer(client: socket.socket) -> bool:
    """Whether the server has said something, or has closed."""
    poll = select.poll()
    poll.register(client, select.POLLIN)
    return bool(poll.poll(0))


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


# ---- bodies that are half sent, before the server as it is shipped

HALVES = 2200
"""More than the connections that the server takes at most."""
ATTACKER, HONEST = "127.0.0.66", "127.0.0.2"
WAIT = 20.0
"""Seconds for an answer: less than those after which the server gives up half-sent requests (30), so that it is not
given because they are gone."""


def half_sent(number: int) -> bytes:
    """The beginning of a request: of several paths, small and large, chunked and not."""
    path = ("/api/generate", "/api/jobs", "/v1/audio/speech", "/nowhere", "/login", "/api/voices")[number % 6]
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    framings = (
        'Content-Length: 100\r\n\r\n{"text": "a',
        "Content-Length: 1000000\r\n\r\n{",
        "Content-Length: 1000000\r\n\r\n" + " " * 9000,
        "Transfer-Encoding: chunked\r\n\r\n5\r\n{",
        "Transfer-Encoding: chunked\r\n\r\n3000\r\n" + " " * 10_000,
        "Content-Length: 500000\r\nExpect: 100-continue\r\n\r\n",
    )
    return (head + framings[(number // 6) % len(framings)]).encode()


@pytest.fixture
def many_files() -> Iterator[None]:
    """This process may hold that many connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = HALVES + 500
    if hard != resource.RLIM_INFINITY and hard < wanted:
        pytest.skip(f"only {hard} files can be open here (ulimit -Hn)")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def connected_from(server: Server, address: str, opened: ExitStack) -> socket.socket:
    """A connection from ``address``, all of whose network is this machine's."""
    client = opened.enter_context(socket.socket())
    client.settimeout(WAIT)
    client.bind((address, 0))
    client.connect(("127.0.0.1", server.port))
    return client


def answered(client: socket.socket, request: bytes) -> bytes:
    client.sendall(request)
    return to_the_end(client)


HEALTH = get("/api/health", "Connection: close").replace(b"Host: x", b"Host: localhost")


@pytest.mark.usefixtures("many_files")
def test_half_sent_bodies_of_one_address_hold_nobody_up(tmp_path: Path) -> None:
    with serve(tmp_path, "tests.helpers.apps.gated_service:app") as running, ExitStack() as opened:
        halves = []
        for number in range(HALVES):
            client = connected_from(running, ATTACKER, opened)
            client.sendall(half_sent(number))
            halves.append(client)
        began = time.monotonic()
        for _round in range(3):
            for address in (HONEST, ATTACKER, "127.0.0.1"):
                with ExitStack() as one:
                    assert b" 200 OK" in answered(connected_from(running, address, one), HEALTH).splitlines()[0]
            for client in halves:  # each a byte more, as of a client that is only slow
                with suppress(ConnectionError):
                    client.sendall(b" ")

        # A slow upload from elsewhere gets through meanwhile.
        body = b"{" + b" " * 30_000 + b'"text": "Hello.", "language": "en"}'
        honest = connected_from(running, HONEST, opened)
        honest.settimeout(PATIENCE)
        honest.sendall(
            b"POST /api/generate HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
        )
        for at in range(0, len(body), 6000):
            honest.sendall(body[at : at + 6000])
            time.sleep(0.1)
        head, _, video = to_the_end(honest).partition(b"\r\n\r\n")
        assert b" 200 OK" in head.splitlines()[0]
        assert video[4:8] == b"ftyp"
        if time.monotonic() - began < WAIT:
            assert sum(not has_answer(client) for client in halves) > HALVES // 2, "they are held all the while"
    assert "Traceback" not in running.log.read_text()


def test_more_uploads_of_one_address_than_may_have_a_thread_wait_for_each_other(tmp_path: Path) -> None:
    with serve(tmp_path, APP, "--threads", "20") as running, ExitStack() as opened:
        head = b"POST /length HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 50000\r\n\r\n"
        clients = [connected_from(running, HONEST, opened) for _ in range(12)]
        for client in clients:
            client.sendall(head + b"a" * 20_000)
        for client in clients:
            assert not has_answer(client)
            client.sendall(b"a" * 30_000)
        for client in clients:
            assert to_the_end(client).endswith(b"\r\n\r\n50000")


@pytest.mark.parametrize(
    ("beginning", "status", "code"),
    [
        (b"Content-Length: 100\r\n\r\n{", 408, "request_too_slow"),
        (b"Transfer-Encoding: chunked\r\n\r\n5\r\nab", 408, "request_too_slow"),
        (b"Content-Length: 1000000\r\n\r\n", 503, "too_many_uploads"),
    ],
    ids=["small", "chunked", "large"],
)
def test_half_sent_bodies_are_refused_with_a_sentence(
    server: Server, beginning: bytes, status: int, code: str
) -> None:
    with ExitStack() as opened:
        clients = [connected_from(server, ATTACKER, opened) for _ in range(THREADS)]
        for client in clients:
            client.sendall(b"POST /length HTTP/1.1\r\nHost: x\r\nAccept-Language: ru\r\n" + beginning)
        answers = [to_the_end(client) for client in clients]
    refused = [answer for answer in answers if answer.startswith(b"HTTP/1.1 %d " % status)]
    assert len(refused) >= THREADS // 2  # one that had a thread is cut off
    for answer in refused:
        head, _, body = answer.partition(b"\r\n\r\n")
        assert json.loads(body)["code"] == code
        assert re.search("[а-я]", json.loads(body)["error"])
        assert (b"\r\nretry-after: " in head.lower()) == (status == 503)


def test_a_chunked_body_in_pieces_is_taken(server: Server) -> None:
    with connected(server) as client:
        client.sendall(b"POST /length HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n")
        for piece in (b"5", b"\r\nabc", b"de\r", b"\n4;x=y\r\n1234\r\n0\r\n", b"X-Trailer: 1\r\n", b"\r\n"):
            client.sendall(piece)
            time.sleep(0.02)
        assert to_the_end(client).endswith(b"\r\n\r\n9")


def test_behind_a_proxy_the_addresses_are_those_of_its_clients(tmp_path: Path) -> None:
    with serve(tmp_path, APP, "--threads", "20", LIPSYNC_PROXIES="1", LIPSYNC_ALLOW_ANONYMOUS="1") as running:
        head = b"POST /length HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Forwarded-For: 1.2.3.4, %s\r\n"
        length = b"Content-Length: 50000\r\n\r\n"
        with ExitStack() as opened:
            for _ in range(3):  # one of them has the address's only thread
                slow = opened.enter_context(connected(running))
                slow.sendall(head % b"203.0.113.7" + length + b"a" * 20_000)
            with connected(running) as other:
                other.settimeout(WAIT)
                other.sendall(head % b"203.0.113.8" + length)
                time.sleep(0.2)
                assert answered(other, b"a" * 50_000).endswith(b"\r\n\r\n50000")
