"""A real gunicorn that does not start, or starts protected: what it really listens on counts."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from lipsync.auth.keys import add_key
from lipsync.errors import LipsyncError
from lipsync.server.app import ROOT
from lipsync.server.gunicorn.listen import check_listen
from lipsync.server.gunicorn.preflight import MISTAKEN, start_or_exit
from lipsync.settings import Settings
from lipsync.storage.database import connect
from tests.helpers.gunicorn_server import Server, serve, wait_until

pytestmark = pytest.mark.system

GATED = "tests.helpers.apps.gated_service:app"
REFUSED = "without a key"


def start(
    folder: Path, *options: str, command: tuple[str, ...] = ("gunicorn",), **environment: str
) -> tuple[int, str]:
    """How a server that should not start ends, and what it says."""
    variables = {
        **os.environ,
        "LC_ALL": "C",
        "LIPSYNC_PORT": "0",
        "LIPSYNC_STATE": str(folder / "state"),
        "LIPSYNC_OUTPUTS": str(folder / "outputs"),
        "LIPSYNC_CACHE": str(folder / "cache"),
        "LIPSYNC_LOG_LEVEL": "WARNING",
        "PYTHONPATH": str(ROOT),
        **environment,
    }
    words = [sys.executable, "-m", *command, *options]
    ended = subprocess.run(words, cwd=ROOT, env=variables, capture_output=True, text=True, timeout=60, check=False)
    return ended.returncode, ended.stdout + ended.stderr


@pytest.mark.parametrize("bind", ["0.0.0.0:0", "[::]:0", ":0"])
def test_it_does_not_start_open_to_others(tmp_path: Path, bind: str) -> None:
    status, said = start(tmp_path, "-b", bind, GATED)
    assert status == MISTAKEN
    assert REFUSED in said
    assert said.count("\n") == 1, said  # one sentence, and no second try


@pytest.mark.parametrize(
    ("name", "value", "part"),
    [
        ("LIPSYNC_HOST", "0.0.0.0", REFUSED),
        ("LIPSYNC_PROXIES", "1", REFUSED),
        ("LIPSYNC_REQUIRE_KEY", "1", REFUSED),
        ("LIPSYNC_JWT_SECRET", "short", "LIPSYNC_JWT_SECRET"),
        ("LIPSYNC_RATE_LIMIT", "often", "LIPSYNC_RATE_LIMIT"),
        ("LIPSYNC_STATE", "/dev/null/state", "/dev/null/state"),
    ],
)
def test_lipsync_serve_does_not_either(tmp_path: Path, name: str, value: str, part: str) -> None:
    status, said = start(tmp_path, "serve", command=("lipsync",), **{name: value})
    assert status == MISTAKEN
    assert part in said
    assert said.count("\n") == 1, said


def test_it_starts_with_a_key_and_asks_for_it_on_loopback_too(tmp_path: Path) -> None:
    """Bound to everything by gunicorn's own option, of which LIPSYNC_HOST knows nothing."""
    engine = connect(Settings(_env_file=None, state=tmp_path / "state"))
    _, key = add_key(engine, "Ann", ["generate"])
    engine.dispose()
    with serve(tmp_path, GATED, "-b", "0.0.0.0:PORT") as running:
        assert running.ask("GET", "/api/voices").status == 401
        assert running.ask("GET", "/api/voices", headers={"Authorization": f"Bearer {key}"}).status == 200
        # One whose body nobody has read yet is told, too.
        large = running.ask("POST", "/api/generate", b"x" * 5_000_000, {"X-API-Key": "lips_wrong"})
        assert (large.status, large.code) == (401, "wrong_key")
        assert running.stop() == 0


def test_everybody_is_served_where_that_was_said(tmp_path: Path) -> None:
    with serve(tmp_path, GATED, "-b", "0.0.0.0:PORT", LIPSYNC_ALLOW_ANONYMOUS="1") as running:
        assert running.ask("GET", "/api/voices", headers={"Host": "portraits.example"}).status == 200


def test_a_socket_in_the_file_system_is_local(tmp_path: Path) -> None:
    place = tmp_path / "s"
    variables = {**os.environ, "LIPSYNC_STATE": str(tmp_path / "state"), "LIPSYNC_OUTPUTS": str(tmp_path / "outputs")}
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "-b", f"unix:{place}", GATED],
            cwd=ROOT,
            env=variables,
            stdout=log,
            stderr=log,
            text=True,
        )
    server = Server(0, process, tmp_path / "log")

    def answers() -> bool:
        with socket.socket(socket.AF_UNIX) as caller:
            try:
                caller.connect(str(place))
            except OSError:
                return False
            caller.sendall(b"GET /api/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            return caller.recv(100).startswith(b"HTTP/1.1 200")

    try:
        wait_until(answers, server)
    finally:
        process.terminate()
        process.wait(60)


@pytest.mark.parametrize(("address", "refused"), [("127.0.0.1", False), ("0.0.0.0", True)])
def test_a_socket_that_systemd_has_opened(
    settings: Settings,
    address: str,
    refused: bool,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("LC_ALL", "C")
    with socket.socket() as listening:
        listening.bind((address, 0))
        if refused:
            with pytest.raises(SystemExit) as ended:
                start_or_exit(settings, [listening.fileno()])
            assert ended.value.code == MISTAKEN
            assert REFUSED in capfd.readouterr().err
        else:
            start_or_exit(settings, [listening.fileno()])
        assert listening.getsockname()[0] == address  # it is still ours
    assert "LIPSYNC_REQUIRE_KEY" not in os.environ


@pytest.mark.parametrize("command", [("gunicorn", GATED), ("lipsync", "serve")])
def test_a_port_that_is_taken_is_said_at_once(tmp_path: Path, command: tuple[str, ...]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        status, said = start(tmp_path, command=command, LIPSYNC_PORT=str(port))
    assert status == 1
    assert said.count("\n") == 1, said
    assert f"port {port} of 127.0.0.1" in said
    assert "LIPSYNC_PORT" in said


def test_an_address_of_another_machine(tmp_path: Path) -> None:
    for host in ("192.0.2.1", "no-such-host.invalid"):  # RFC 5737, RFC 6761
        status, said = start(tmp_path, "serve", command=("lipsync",), LIPSYNC_HOST=host, LIPSYNC_ALLOW_ANONYMOUS="1")
        assert status == 1
        assert said.count("\n") == 1, said
        assert f"{host} is not an address of this machine" in said
        assert "LIPSYNC_HOST" in said


@pytest.mark.parametrize(("error", "code"), [(errno.EACCES, "port_forbidden"), (errno.EAFNOSUPPORT, "cannot_listen")])
def test_a_port_that_may_not_be_used(error: int, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As root every port may be used: here the system refuses by order."""

    class RefusedSocket(socket.socket):
        def bind(self, address: object) -> None:  # noqa: ARG002 - as socket's
            raise OSError(error, os.strerror(error))

    monkeypatch.setattr(socket, "socket", RefusedSocket)
    with pytest.raises(LipsyncError) as caught:
        check_listen([("127.0.0.1", 80)])
    assert caught.value.code == code
    for language in ("en", "ru"):
        assert "LIPSYNC_PORT" in caught.value.message(language)


def test_sockets_that_are_there_already_are_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        bound = [listening.getsockname()]
        with pytest.raises(LipsyncError, match="LIPSYNC_PORT"):
            check_listen(bound)
        monkeypatch.setenv("LISTEN_PID", str(os.getpid()))  # systemd's
        check_listen(bound)
        monkeypatch.delenv("LISTEN_PID")
        monkeypatch.setenv("GUNICORN_FD", "3")  # of the server that this one replaces
        check_listen(bound)
        check_listen(["/run/lipsync.sock", 3])


def test_a_misspelt_setting_stands_in_the_log(tmp_path: Path) -> None:
    with serve(tmp_path, GATED, LIPSYNC_RENDER="1", LIPSYNC_CI="1") as running:
        assert running.stop() == 0
        warnings = [line for line in running.log.read_text().splitlines() if " WARNING " in line]
    assert len(warnings) == 1
    assert "Unknown setting LIPSYNC_RENDER; it is ignored." in warnings[0]
    assert "LIPSYNC_MAX_CONCURRENT_RENDERS" in warnings[0]
