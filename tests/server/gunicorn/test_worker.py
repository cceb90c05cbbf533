"""The gunicorn worker: what it does with each connection, and how it ends."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest
from gunicorn.config import Config

from lipsync.server.app import ROOT
from lipsync.server.asgi.wsgi_bridge import SMALL_BODY_BYTES
from lipsync.server.gunicorn.uvicorn_server import MAX_HEAD_BYTES
from lipsync.server.gunicorn.worker import MALLOC_ARENAS, MAX_OPEN_FILES, AsgiWorker
from tests.helpers.gunicorn_server import Server, serve, wait_until
from tests.helpers.raw_http import connected, get, is_closed, to_the_end

pytestmark = pytest.mark.system

APP = "tests.helpers.apps.short_timeouts:app"
SHORT_TIMEOUTS = ("--worker-class", "tests.helpers.apps.short_timeouts.ShortTimeoutWorker", "--threads", "8")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve(tmp_path_factory.mktemp("worker"), APP, *SHORT_TIMEOUTS) as running:
        yield running
    assert "Traceback" not in running.log.read_text()


def worker_of(server: Server) -> psutil.Process:
    (worker,) = psutil.Process(server.process.pid).children()
    return worker


# ---- what it is built on


def test_the_master_loads_none_of_the_application() -> None:
    code = (
        "import lipsync.server.gunicorn.worker, sys\n"
        "print(sorted({'numpy', 'cv2', 'av', 'flask', 'uvicorn'} & sys.modules.keys()))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_tls_is_left_to_a_proxy() -> None:
    config = Config()
    config.set("certfile", __file__)
    with pytest.raises(ValueError, match="proxy"):
        AsgiWorker.check_config(config, None)


def test_open_files_are_as_many_as_the_system_lets(server: Server) -> None:
    soft, hard = worker_of(server).rlimit(resource.RLIMIT_NOFILE)
    assert (
        soft == (MAX_OPEN_FILES if hard == resource.RLIM_INFINITY else min(MAX_OPEN_FILES, hard))
        or soft > MAX_OPEN_FILES
    )


# ---- requests


def test_requests_one_after_another_and_in_one_packet(server: Server) -> None:
    with connected(server) as client:
        client.sendall(get("/api/health") + get("/api/health") + get("/api/health", "Connection: close"))
        assert to_the_end(client).count(b"200 OK") == 3


def test_a_connection_is_kept(server: Server) -> None:
    with connected(server) as client:
        for _ in range(3):
            client.sendall(get("/api/health"))
            came = b""
            while not came.endswith(b"ok"):
                came += client.recv(4096)
            assert came.startswith(b"HTTP/1.1 200")


def test_a_body_behind_its_head_and_a_head_longer_than_what_is_read_ahead(server: Server) -> None:
    body = b"a" * 300_000
    with connected(server) as client:
        head = f"POST /length HTTP/1.1\r\nHost: x\r\nX-Long: {'b' * 7000}\r\nX-Too: {'c' * 7000}\r\n"
        client.sendall(head.encode() + f"Connection: close\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        assert to_the_end(client).endswith(b"300000")


@pytest.mark.parametrize("size", [SMALL_BODY_BYTES - 1, SMALL_BODY_BYTES, SMALL_BODY_BYTES + 1, 2 * SMALL_BODY_BYTES])
def test_two_requests_around_the_limit_of_what_is_read_ahead(server: Server, size: int) -> None:
    first = b"POST /length HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"
    body = b"a" * (size - len(first % 1000))
    with connected(server) as client:
        client.sendall(first % len(body) + body + get("/api/health", "Connection: close"))
        came = to_the_end(client)
    assert came.count(b"200 OK") == 2
    assert came.endswith(b"ok")


def test_a_head_that_never_ends_is_told_so(server: Server) -> None:
    with connected(server) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost:")
        assert to_the_end(client).startswith(b"HTTP/1.1 408 ")


def test_a_head_that_is_too_long_is_refused(server: Server) -> None:
    with connected(server) as client:
        client.sendall(get("/api/health", "X-Long: " + "a" * 2 * MAX_HEAD_BYTES))
        assert to_the_end(client).startswith(b"HTTP/1.1 400 ")


def test_one_date_is_sent(server: Server) -> None:
    with connected(server) as client:
        client.sendall(get("/big", "Range: bytes=0-9", "Connection: close"))
        assert to_the_end(client).lower().count(b"\r\ndate: ") == 1


def test_a_client_that_only_connects_and_leaves_is_forgotten(server: Server) -> None:
    before = worker_of(server).num_fds()
    for _ in range(20):
        with connected(server):
            pass
    wait_until(lambda: worker_of(server).num_fds() <= before, server)


def test_an_answer_reaches_a_client_whose_body_was_not_read(server: Server) -> None:
    with connected(server) as client:
        client.sendall(b"POST /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 30000\r\n\r\n")
        client.sendall(b"a" * 30_000)
        assert b" 404 " in to_the_end(client)


def test_clients_that_do_not_close_hold_nobody_up(server: Server) -> None:
    """gunicorn's own worker waits 2 s for each of them in its main loop: 80 s, longer than the test's patience."""
    before = worker_of(server).num_fds()
    with ExitStack() as opened:
        clients = [opened.enter_context(connected(server)) for _ in range(40)]
        for client in clients:
            client.sendall(get("/api/health", "Connection: close"))
        for client in clients:
            assert b"200 OK" in client.recv(4096)
        assert server.ask("GET", "/api/health").status == 200
        wait_until(lambda: worker_of(server).num_fds() <= before, server)


def test_with_as_many_connections_as_may_be_the_silent_make_room(tmp_path: Path) -> None:
    """The oldest of them, and not all because their time is over."""
    with serve(tmp_path, APP, "--worker-connections", "40", "--threads", "4") as running, ExitStack() as opened:
        clients = [opened.enter_context(connected(running)) for _ in range(60)]
        assert running.ask("GET", "/api/health").status == 200
        wait_until(lambda: any(is_closed(client) for client in clients), running)
        assert not all(is_closed(client) for client in clients)


# ---- the end


def test_a_stop_waits_for_requests_but_not_for_the_idle_and_closes_what_is_held(tmp_path: Path) -> None:
    with serve(tmp_path, APP, *SHORT_TIMEOUTS) as running, connected(running) as idle, ThreadPoolExecutor(1) as pool:
        answer = pool.submit(running.ask, "GET", "/wait")
        wait_until((tmp_path / "outputs" / "waiting").exists, running)
        running.process.send_signal(signal.SIGTERM)
        assert to_the_end(idle) == b""  # long before the stop is over
        assert not answer.done()
        (tmp_path / "outputs" / "go").touch()
        assert answer.result().body == b"stopping: True"
        assert running.process.wait(30) == 0
    assert (tmp_path / "outputs" / "closed").exists()
    assert "Traceback" not in running.log.read_text()


def test_what_is_held_is_closed_before_the_master_s_patience_is_over(tmp_path: Path) -> None:
    with serve(tmp_path, APP, *SHORT_TIMEOUTS, "--graceful-timeout", "4") as running, connected(running) as client:
        client.sendall(get("/wait"))
        wait_until((tmp_path / "outputs" / "waiting").exists, running)
        assert running.stop() == 0
    assert (tmp_path / "outputs" / "closed").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc has heaps to count")
def test_many_threads_share_few_heaps() -> None:
    code = (
        "import ctypes, sys, tempfile, threading\n"
        "from lipsync.server.gunicorn.worker import _limit_arenas\n"
        "_limit_arenas()\n"
        "libc = ctypes.CDLL(None)\n"
        "libc.malloc.restype, libc.fdopen.restype = ctypes.c_void_p, ctypes.c_void_p\n"
        "meet = threading.Barrier(20)\n"
        "threads = [threading.Thread(target=lambda: (libc.malloc(5000), meet.wait())) for _ in range(20)]\n"
        "[one.start() for one in threads], [one.join() for one in threads]\n"
        "with tempfile.TemporaryFile() as file:\n"
        "    stream = ctypes.c_void_p(libc.fdopen(file.fileno(), b'w'))\n"
        "    libc.malloc_info(0, stream), libc.fflush(stream), file.seek(0)\n"
        "    print(file.read().count(b'<heap nr'))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert int(done.stdout) == MALLOC_ARENAS
