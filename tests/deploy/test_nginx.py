"""deploy/nginx.conf in the real nginx, in front of a real gunicorn."""

from __future__ import annotations

import http.client
import json
import re
import signal
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from lipsync.conversation.session.limits import SessionLimits
from lipsync.server.app import FORM, ROOT
from lipsync.settings import Settings
from tests.deploy.proxy import NAME, Proxy, nginx
from tests.helpers.gunicorn_server import PATIENCE, Server, serve, wait_until
from tests.helpers.live_client import LiveClient, check_sound
from tests.messages.test_usage import CODES

pytestmark = pytest.mark.system

JOB = "0123456789abcdef" * 2


@pytest.fixture(scope="module")
def gated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """Before answers whose end waits for ``go``."""
    folder = tmp_path_factory.mktemp("gated")
    with serve(folder, "tests.helpers.apps.gated_streams:app") as server, nginx(folder, server) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    settings = {"LIPSYNC_PROXIES": "1", "LIPSYNC_ALLOW_ANONYMOUS": "1"}
    with serve(tmp_path_factory.mktemp("app"), "tests.helpers.apps.gated_service:app", **settings) as running:
        yield running


@pytest.fixture(scope="module")
def proxy(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """Before the application itself."""
    with nginx(tmp_path_factory.mktemp("nginx"), server) as running:
        yield running


# ---- what goes through


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/audio/speech"),
        ("GET", f"/api/jobs/{JOB}/stream"),
        ("GET", f"/api/jobs/{JOB}/events"),
        ("POST", "/api/generate?stream=1"),
    ],
)
def test_the_first_piece_comes_before_the_last_is_made(gated: Proxy, method: str, path: str) -> None:
    go = gated.folder / "outputs" / "go"
    go.unlink(missing_ok=True)
    connection = gated.connect()
    connection.request(method, path, b"{}" if method == "POST" else None)
    answer = connection.getresponse()
    assert answer.read(6) == b"first,"
    go.touch()
    assert answer.read() == b"last"
    connection.close()


def test_other_answers_are_gathered_so_that_a_slow_client_holds_no_thread(gated: Proxy) -> None:
    """And so that what is above can fail."""
    go = gated.folder / "outputs" / "go"
    go.unlink(missing_ok=True)
    connection = gated.connect()
    connection.request("POST", "/api/generate", b"{}")
    connection.sock.settimeout(1)  # type: ignore[union-attr]
    with pytest.raises(TimeoutError):
        connection.getresponse()
    go.touch()
    connection.close()


def test_ranges(gated: Proxy) -> None:
    answer, body = gated.ask("GET", f"/api/jobs/{JOB}/video", headers={"Range": "bytes=1000000-1000255"})
    assert (answer.status, answer.getheader("Content-Range")) == (206, "bytes 1000000-1000255/4999936")
    assert body == bytes((64 + i) % 256 for i in range(256))
    assert answer.getheader("Accept-Ranges") == "bytes"
    etag = answer.getheader("ETag")
    assert etag
    again, _ = gated.ask("GET", f"/api/jobs/{JOB}/video", headers={"If-None-Match": etag})
    assert again.status == 304
    beyond, _ = gated.ask("GET", f"/api/jobs/{JOB}/video", headers={"Range": "bytes=9999999-"})
    assert beyond.status == 416


def test_a_whole_video_is_the_same_and_not_packed_again(gated: Proxy) -> None:
    answer, body = gated.ask("GET", f"/api/jobs/{JOB}/video", headers={"Accept-Encoding": "gzip"})
    assert answer.getheader("Content-Encoding") is None
    assert body == bytes(range(256)) * (len(body) // 256)
    assert len(body) == 4_999_936


def test_the_page_and_its_script(proxy: Proxy) -> None:
    page, body = proxy.ask("GET", "/")
    assert page.status == 200
    assert b"<html" in body
    assert "max-age" in (page.getheader("Strict-Transport-Security") or "")
    assert "default-src" in (page.getheader("Content-Security-Policy") or "")


# ---- TLS


def test_http_leads_to_https(proxy: Proxy) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", proxy.http)
    connection.request("GET", "/api/voices?x=1", headers={"Host": NAME})
    answer = connection.getresponse()
    assert (answer.status, answer.getheader("Location")) == (308, f"https://{NAME}/api/voices?x=1")
    connection.close()


def test_http_2_and_no_old_tls(proxy: Proxy) -> None:
    context = ssl.create_default_context(cafile=str(proxy.certificate))
    context.set_alpn_protocols(["h2", "http/1.1"])
    with (
        socket.create_connection(("127.0.0.1", proxy.https)) as plain,
        context.wrap_socket(plain, server_hostname=NAME) as secure,
    ):
        assert secure.selected_alpn_protocol() == "h2"
        assert secure.version() == "TLSv1.3"
    assert "ssl_protocols TLSv1.2 TLSv1.3;" in (ROOT / "deploy" / "nginx.conf").read_text("utf-8")


# ---- who is it


def test_the_application_sees_the_client_and_believes_no_stranger(proxy: Proxy, server: Server) -> None:
    connection = proxy.connect(source="127.0.0.7")
    forged = {"X-Forwarded-For": "6.6.6.6", "X-Real-IP": "6.6.6.6", "Forwarded": "for=6.6.6.6", "Host": NAME}
    connection.request("GET", "/api/voices", headers=forged)
    assert connection.getresponse().status == 200
    connection.close()
    wait_until(lambda: "127.0.0.7" in server.log.read_text(), server)
    assert "6.6.6.6" not in server.log.read_text()


# ---- what is refused


def test_a_body_that_is_too_large(proxy: Proxy) -> None:
    answer, body = proxy.ask("POST", "/api/generate", b"a" * 23_000_000, {"Content-Type": "application/json"})
    assert (answer.status, json.loads(body)["code"]) == (413, "body_too_large")


def test_a_body_that_is_slightly_too_large_is_told_so_by_the_application(proxy: Proxy) -> None:
    most = int(Settings(_env_file=None).max_upload_mb * 1e6) + FORM
    answer, body = proxy.ask("POST", "/api/generate", b"a" * (most + 1000), {"Content-Type": "application/json"})
    assert answer.status == 413
    assert "20" in json.loads(body)["error"]


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    with serve(tmp_path, "tests.helpers.apps.gated_streams:app") as server, nginx(tmp_path, server) as proxy:
        server.stop()
        answer, body = proxy.ask("GET", "/api/voices")
    assert (answer.status, json.loads(body)["code"]) == (503, "not_ready")
    assert int(answer.getheader("Retry-After") or 0) > 0


def test_the_codes_that_nginx_says_are_the_application_s() -> None:
    text = (ROOT / "deploy" / "nginx.conf").read_text("utf-8")
    said = [json.loads(line.split("'")[1]) for line in text.splitlines() if "return" in line and "{" in line]
    assert said
    assert {one["code"] for one in said} <= CODES


# ---- WebSockets


def test_a_live_conversation_passes(tmp_path: Path) -> None:
    """Sound and video come while the model still writes, and a quiet talk is not ended early."""
    app, settings = (
        "tests.helpers.apps.live_conversation:app",
        {"LIPSYNC_PROXIES": "1", "LIPSYNC_ALLOW_ANONYMOUS": "1"},
    )
    with serve(tmp_path, app, **settings) as server, nginx(tmp_path, server) as proxy:
        trusted = ssl.create_default_context(cafile=str(proxy.certificate))
        address = f"wss://127.0.0.1:{proxy.https}/api/v1/stream"
        with connect(address, ssl=trusted, proxy=None, subprotocols=["lipsync.v1"]) as connection:  # type: ignore[list-item]
            client = LiveClient(connection)
            assert connection.subprotocol == "lipsync.v1"
            client.start(binary=True, want={"video": "fmp4"})
            client.send(type="chat", message="repeat: One two three. |Four five six.")
            while not client.sound() or not client.video():
                client.next()
            (tmp_path / "outputs" / "go").touch()
            done = client.until("done")
            check_sound(client.sound(), done["total_duration"])
    text = (ROOT / "deploy" / "nginx.conf").read_text("utf-8")
    (read_timeout_s,) = re.findall(r"proxy_read_timeout (\d+)s;", text)
    assert int(read_timeout_s) > SessionLimits().max_idle_s


def test_websockets_pass_and_are_closed_with_1001(tmp_path: Path) -> None:
    settings = {"LIPSYNC_PROXIES": "1", "LIPSYNC_ALLOW_ANONYMOUS": "1"}
    with (
        serve(tmp_path, "tests.helpers.apps.websocket_echo:app", **settings) as server,
        nginx(tmp_path, server) as proxy,
    ):
        trusted = ssl.create_default_context(cafile=str(proxy.certificate))
        address = f"wss://127.0.0.1:{proxy.https}/api"
        with connect(f"{address}/echo", ssl=trusted, proxy=None, source_address=("127.0.0.7", 0)) as client:
            client.send("who")
            assert client.recv(PATIENCE) == "address 127.0.0.7: who"
            with connect(f"{address}/flood/2000000", ssl=trusted, proxy=None) as flooded:
                assert sum(len(message) for message in flooded) == 2_000_000
            server.process.send_signal(signal.SIGTERM)
            with pytest.raises(ConnectionClosed):
                client.recv(PATIENCE)
            assert client.close_code == 1001
