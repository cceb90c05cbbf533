"""Downloads reach public machines over https only; each failure is one error with a sentence."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from lipsync.errors import LipsyncError
from lipsync.net.errors import CompressedBody, ConnectionFailed, DeadlineExceeded, TooManyRedirects
from lipsync.weights.download import open_download, translate_request_errors
from tests.helpers import fake_internet
from tests.helpers.fake_internet import PRIVATE, PUBLIC
from tests.helpers.http_server import HttpServer, http_server, redirect, respond


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HttpServer]:
    """A public https server at weights.example."""
    file = fake_internet.certificate(tmp_path, "weights.example", "other.example")
    fake_internet.trust(monkeypatch, file)
    fake_internet.open_internet(monkeypatch)
    fake_internet.name_server(
        monkeypatch, {"weights.example": [[PUBLIC]], "other.example": [[PUBLIC]], "inside.example": [[PRIVATE]]}
    )
    with http_server(PUBLIC, certificate=file) as site:
        yield site


def read(url: str, **options: object) -> bytes:
    with open_download(url, {"Range": "bytes=0-"}, {"Authorization": "Basic eDp5"}, **options) as response:  # type: ignore[arg-type]
        return b"".join(response.chunks(100))


def failure(url: str, **options: object) -> LipsyncError:
    with pytest.raises(LipsyncError) as caught:
        read(url, **options)
    return caught.value


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/x",
        "file:///etc/passwd",
        "ftp://example.org/x",
        "https:///x",
        "https://me:word@example.org/x",
        "https://127.0.0.1/x",
        "https://10.1.2.3/x",
        "https://192.168.0.1:8443/x",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/x",
        "https://[::ffff:127.0.0.1]/x",
        "https://[fe80::1]/x",
        "https://0.0.0.0/x",
        "https://224.0.0.1/x",
    ],
)
@pytest.mark.parametrize("proxy", ["", "http://proxy.example:3128"])
def test_unsafe_urls_are_not_opened(url: str, proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if proxy:
        monkeypatch.setenv("https_proxy", proxy)
    assert failure(url).code == "unsafe_address"


def test_a_name_of_a_private_machine_is_not_connected_to(site: HttpServer) -> None:
    with socket.create_server((PRIVATE, 0)) as listening:
        port = listening.getsockname()[1]
        assert failure(f"https://inside.example:{port}/x").code == "unsafe_address"
        listening.settimeout(0.2)
        with pytest.raises(TimeoutError):
            listening.accept()
    assert site.requests == []


def test_a_trusted_host_may_be_a_private_machine(site: HttpServer) -> None:
    with socket.create_server((PRIVATE, 0)) as closed:
        port = closed.getsockname()[1]
    error = failure(f"https://inside.example:{port}/x", trusted_hosts=frozenset({"inside.example"}))
    assert error.code == "no_network"  # it was tried
    assert site.requests == []


def test_a_download_and_its_headers(site: HttpServer) -> None:
    site.behave(respond(body=b"weights"))
    assert read(site.url("/a", "weights.example")) == b"weights"
    (request,) = site.requests
    assert request.headers["range"] == "bytes=0-"
    assert request.headers["authorization"] == "Basic eDp5"
    assert request.headers["user-agent"].startswith("lipsync/")


def test_a_password_does_not_follow_a_redirect_to_another_host(site: HttpServer) -> None:
    long = "/b?signature=" + "x" * 4000
    site.behave(redirect(site.url(long, "other.example")), respond(body=b"weights"))
    assert read(site.url("/a", "weights.example")) == b"weights"
    assert [request.headers.get("authorization") for request in site.requests] == ["Basic eDp5", None]
    assert [request.headers["range"] for request in site.requests] == ["bytes=0-"] * 2
    assert site.requests[1].path == long


@pytest.mark.parametrize("target", ["http://weights.example/x", "https://127.0.0.1/x", "file:///etc/passwd"])
def test_redirects_to_unsafe_urls_are_not_followed(target: str, site: HttpServer) -> None:
    site.behave(redirect(target))
    assert failure(site.url("/a", "weights.example")).code == "unsafe_address"
    assert len(site.requests) == 1


def test_a_refusal_names_host_and_status(site: HttpServer) -> None:
    site.behave(respond(404))
    error = failure(site.url("/a", "weights.example"))
    assert (error.code, error.facts) == ("download_refused", {"host": "weights.example", "status": 404})


@pytest.mark.parametrize(
    ("cause", "reason"),
    [
        (ConnectionFailed("weights.example", "Name or service not known", "name"), "DNS"),
        (ConnectionFailed("weights.example", "Connection refused"), "Connection refused"),
        (DeadlineExceeded("weights.example"), "timeout"),
        (CompressedBody("weights.example"), "compressed response"),
        (TooManyRedirects("weights.example", 302), "redirect (302)"),
    ],
)
def test_no_network_names_host_and_reason(cause: Exception, reason: str) -> None:
    with pytest.raises(LipsyncError) as caught, translate_request_errors("https://weights.example/x"):
        raise cause
    assert (caught.value.code, caught.value.facts) == ("no_network", {"host": "weights.example", "reason": reason})


@pytest.mark.parametrize("login", ["", "me:s%40fe@"])
def test_a_proxy_of_the_environment_is_used(site: HttpServer, login: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names are the proxy's then: here weights.example leads to the site by it alone."""
    site.behave(respond(body=b"weights"))
    with _Proxy(site.port) as proxy:
        monkeypatch.setenv("https_proxy", f"http://{login}127.0.0.1:{proxy.server_address[1]}")
        assert read("https://other.example/a") == b"weights"
        assert proxy.seen == [("other.example:443", "Basic bWU6c0BmZQ==" if login else None)]
        monkeypatch.setenv("no_proxy", "weights.example")
        assert read(site.url("/a", "weights.example")) == b"weights"
        assert len(proxy.seen) == 1


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1080", "http://127.0.0.1:port"])
def test_a_proxy_that_cannot_be_used_is_an_error(proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", proxy)
    error = failure("https://other.example/a")
    assert (error.code, error.facts["reason"]) == ("no_network", "invalid proxy in the environment: https_proxy")


class _Proxy(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", 0), _Tunnel)
        self.target = port
        self.seen: list[tuple[str, str | None]] = []

    def __enter__(self) -> _Proxy:
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


class _Tunnel(BaseHTTPRequestHandler):
    def do_CONNECT(self) -> None:
        assert isinstance(self.server, _Proxy)
        self.server.seen.append((self.path, self.headers.get("Proxy-Authorization")))
        self.send_response(200)
        self.end_headers()
        with socket.create_connection((PUBLIC, self.server.target)) as upstream:
            pump = threading.Thread(target=self._pump, args=(upstream, self.connection), daemon=True)
            pump.start()
            self._pump(self.connection, upstream)
            pump.join(5)

    @staticmethod
    def _pump(source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(65_536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def log_message(self, *_: object) -> None:
        pass
