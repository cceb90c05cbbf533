"""The server as it is started: gunicorn with its configuration."""

from __future__ import annotations

import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.helpers.gunicorn_server import Server, serve, wait_until

pytestmark = pytest.mark.system

HELLO = {"text": "Hello", "language": "en"}
GATED = "tests.helpers.apps.gated_service:app"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve(tmp_path_factory.mktemp("server"), GATED) as running:
        yield running


def form(text: bytes, picture: bytes | None = None) -> tuple[bytes, dict[str, str]]:
    parts = [b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\n' + text + b"\r\n"]
    if picture is not None:
        head = b'--x\r\nContent-Disposition: form-data; name="image"; filename="a.jpg"\r\n\r\n'
        parts.append(head + picture + b"\r\n")
    return b"".join([*parts, b"--x--\r\n"]), {"Content-Type": "multipart/form-data; boundary=x"}


def test_it_generates_with_the_real_service_and_stops_cleanly(tmp_path: Path) -> None:
    with serve(tmp_path) as running:
        assert running.ask("GET", "/").status == 200
        answer = running.ask("POST", "/api/generate", {"text": "Да.", "language": "ru"})
        assert (answer.status, answer.body[4:8]) == (200, b"ftyp")
        assert int(answer.headers["Content-Length"]) == len(answer.body)
        assert running.stop() == 0
    assert "Traceback" not in running.log.read_text()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (form(b"Hi", b"\0" * 20_000_001), "file_too_large"),  # the form passes, its picture does not
        (form(b"Hi", b"\0" * 25_000_000), "file_too_large"),
        (form(b"a" * 600_000), "text_too_long"),
        ((b" " * 25_000_000, {"Content-Type": "application/json"}), "body_too_large"),
    ],
    ids=["picture", "form", "text", "json"],
)
def test_a_large_body_is_told_so_before_the_connection_closes(
    server: Server, body: tuple[bytes, dict[str, str]], code: str
) -> None:
    answer = server.ask("POST", "/api/generate", *body)
    assert (answer.status, answer.code) == (413, code)


def test_a_body_without_a_length(server: Server) -> None:
    headers = {"Content-Type": "application/json", "Transfer-Encoding": "chunked"}
    short = server.ask("POST", "/api/generate", iter([b'{"text": "Hi",', b'"language": "en"}']), headers)
    assert short.status == 200
    long = server.ask("POST", "/api/generate", iter([b" " * 1_000_000] * 25), headers)
    assert (long.status, long.code) == (413, "body_too_large")
    none = server.ask("POST", "/api/generate", iter([]), headers)
    assert (none.status, none.code) == (400, "no_body")
    assert server.ask("POST", "/api/generate").code == "no_body"


def test_a_caller_who_hangs_up_harms_nobody(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port)) as caller:
        caller.sendall(b"POST /api/generate HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{")
    assert server.ask("POST", "/api/generate", HELLO).status == 200


def test_sixteen_at_once_are_answered(server: Server) -> None:
    texts = [f"Number {index}. " * (1 + index % 3) for index in range(16)]
    with ThreadPoolExecutor(16) as pool:
        answers = list(
            pool.map(lambda text: server.ask("POST", "/api/generate", {"text": text, "language": "en"}), texts)
        )
    assert [answer.status for answer in answers] == [200] * 16
    assert len({answer.headers["Content-Disposition"] for answer in answers}) == 16


def test_a_request_longer_than_the_timeout_is_not_cut(tmp_path: Path) -> None:
    """The worker beats beside its requests: with a timeout of 1 s one of 3 s lives, and so does 121 s with 120."""
    with serve(tmp_path, GATED, "--timeout", "1", WAIT_FOR_GO="1") as running, ThreadPoolExecutor(1) as pool:
        answer = pool.submit(running.ask, "POST", "/api/generate", HELLO)
        wait_until((tmp_path / "outputs" / "begun").exists, running)
        time.sleep(3)
        (tmp_path / "outputs" / "go").touch()
        assert answer.result().status == 200
        assert "TIMEOUT" not in running.log.read_text()


def test_a_stop_lets_the_running_request_finish(tmp_path: Path) -> None:
    with serve(tmp_path, GATED, WAIT_FOR_GO="1") as running, ThreadPoolExecutor(1) as pool:
        answer = pool.submit(running.ask, "POST", "/api/generate", HELLO)
        wait_until((tmp_path / "outputs" / "begun").exists, running)
        running.process.send_signal(signal.SIGTERM)
        wait_until(lambda: "signal: term" in running.log.read_text(), running)
        with pytest.raises(TimeoutError):  # it neither answers nor breaks off
            answer.result(timeout=2)
        (tmp_path / "outputs" / "go").touch()
        assert (answer.result().status, answer.result().body[4:8]) == (200, b"ftyp")
        assert running.process.wait(30) == 0
