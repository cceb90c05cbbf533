"""Requests to real servers: those that are public here, and those that must never see a connection."""

from __future__ import annotations

import gzip
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lipsync.net.connection import resolve
from lipsync.net.errors import (
    CompressedBody,
    ConnectionFailed,
    DeadlineExceeded,
    PrivateAddress,
    TooLarge,
    TooManyRedirects,
    UnsafeRedirect,
)
from lipsync.net.http_client import HttpResponse, send
from tests.helpers import fake_internet
from tests.helpers.fake_internet import PRIVATE, PUBLIC, SPELLINGS
from tests.helpers.http_server import (
    HttpServer,
    http_server,
    never_respond,
    redirect,
    respond,
    respond_endlessly,
    respond_slowly,
)


@pytest.fixture(autouse=True)
def _open(monkeypatch: pytest.MonkeyPatch) -> None:
    fake_internet.open_internet(monkeypatch)


@pytest.fixture
def site() -> Iterator[HttpServer]:
    with http_server(PUBLIC) as one:
        yield one


@pytest.fixture
def private() -> Iterator[HttpServer]:
    """Listens where nobody may be sent."""
    with http_server(PRIVATE) as one:
        one.behave(respond(body=b"a secret"))
        yield one


def get(address: str, **more: Any) -> HttpResponse:
    return send("GET", address, **{"headers": {}, "max_bytes": 1000, "timeout_s": 10.0, **more})


# ---- what is asked, and what comes back


def test_a_get(site: HttpServer) -> None:
    site.behave(respond(body=b"hello", X_Kind="one", ETag='"1"'))
    answer = get(site.url("/a?b=c"), headers={"Accept": "image/*"}, secret={"X-Key": "k"})
    assert (answer.status, answer.is_success, answer.body) == (200, True, b"hello")
    assert answer.headers["x-kind"] == "one"
    (asked,) = site.requests
    assert (asked.method, asked.path) == ("GET", "/a?b=c")
    assert asked.headers["host"] == f"{PUBLIC}:{site.port}"
    assert (asked.headers["accept"], asked.headers["x-key"]) == ("image/*", "k")
    assert asked.headers["accept-encoding"] == "identity"


def test_a_post(site: HttpServer) -> None:
    site.behave(respond(201, b"made"))
    answer = send("POST", site.url(), headers={}, body=b"{}", max_bytes=10, timeout_s=10)
    assert (answer.status, answer.body) == (201, b"made")
    assert (site.requests[0].method, site.requests[0].body) == ("POST", b"{}")


def test_what_is_not_2xx_has_no_body(site: HttpServer) -> None:
    site.behave(respond(404, b"nothing here", Retry_After="7"))
    answer = get(site.url())
    assert (answer.status, answer.is_success, answer.body) == (404, False, b"")
    assert answer.headers["retry-after"] == "7"


def test_https_with_a_name_in_the_certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = fake_internet.certificate(tmp_path, "xn--bcher-kva.example")
    fake_internet.name_server(monkeypatch, {"xn--bcher-kva.example": [[PUBLIC]], "other.example": [[PUBLIC]]})
    with http_server(PUBLIC, certificate=file) as site:
        site.behave(respond(body=b"safe"))
        with pytest.raises(ConnectionFailed) as caught:
            get(site.url(host="bücher.example"))
        assert caught.value.step == "tls"
        fake_internet.trust(monkeypatch, file)
        assert get(site.url(host="bücher.example")).body == b"safe"
        assert site.requests[0].headers["host"] == f"xn--bcher-kva.example:{site.port}"
        with pytest.raises(ConnectionFailed) as caught:
            get(site.url(host="other.example"))  # another's certificate
        assert caught.value.step == "tls"
        assert len(site.requests) == 1


# ---- bounds


def test_what_is_announced_too_large_is_not_read(site: HttpServer) -> None:
    site.behave(respond(Content_Length="1001"))
    with pytest.raises(TooLarge):
        get(site.url())


def test_what_floods_is_not_read_to_its_end(site: HttpServer) -> None:
    site.behave(respond_endlessly(site))
    with pytest.raises(TooLarge):
        get(site.url())


def test_what_is_just_small_enough_is_read(site: HttpServer) -> None:
    site.behave(respond(body=b"x" * 1000))
    assert len(get(site.url()).body) == 1000


def test_a_bomb_stays_shut(site: HttpServer) -> None:
    site.behave(respond(body=gzip.compress(bytes(10**6))[:900], Content_Encoding="gzip"))
    with pytest.raises(CompressedBody):
        get(site.url())


@pytest.mark.parametrize("behaviour", [never_respond, respond_slowly])
def test_who_is_slow_is_left(site: HttpServer, behaviour: Any) -> None:
    site.behave(behaviour(site))
    with pytest.raises(DeadlineExceeded):
        get(site.url(), timeout_s=0.3, max_bytes=10**6)


def test_the_time_is_for_all_redirects_together(site: HttpServer) -> None:
    ticks = iter(range(0, 1000, 3))
    site.behave(redirect("/on"))
    with pytest.raises(DeadlineExceeded):
        get(site.url(), timeout_s=10, clock=lambda: float(next(ticks)))
    assert len(site.requests) < 4


def test_a_name_that_nobody_answers_for_is_slow(monkeypatch: pytest.MonkeyPatch, site: HttpServer) -> None:
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: site.closing.wait() and [])
    with pytest.raises(DeadlineExceeded):
        resolve("example.org", 443, 0.1)


def test_a_body_that_is_not_wanted_does_not_matter(site: HttpServer) -> None:
    for behaviour in (respond_endlessly(site), respond_slowly(site), respond(500, b"x" * 10_000)):
        site.behave(behaviour)
        answer = get(site.url(), read_body=False, timeout_s=0.5)
        assert (answer.status in (200, 500), answer.body) == (True, b"")


def test_headers_without_end(site: HttpServer) -> None:
    def behave(handler: Any) -> None:
        handler.send_response(200)
        while not site.closing.is_set():
            handler.wfile.write(b"X-More: " + b"x" * 60_000 + b"\r\n")

    site.behave(behave)
    with pytest.raises(ConnectionFailed):
        get(site.url())


# ---- who is not there


def test_nobody_listens() -> None:
    with http_server(PUBLIC) as gone:
        pass
    with pytest.raises(ConnectionFailed) as caught:
        get(gone.url())
    assert (caught.value.step, caught.value.host, str(caught.value)) == ("connection", PUBLIC, "Connection refused")


def test_a_name_that_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    fake_internet.name_server(monkeypatch, {})
    with pytest.raises(ConnectionFailed) as caught:
        get("http://nowhere.example/?token=never-shown")
    assert caught.value.step == "name"
    assert "never-shown" not in str(caught.value)


def test_the_second_number_is_tried_when_the_first_does_not_answer(
    monkeypatch: pytest.MonkeyPatch, site: HttpServer
) -> None:
    with http_server("127.0.0.3") as gone:
        pass
    really = fake_internet.addresses.is_public
    monkeypatch.setattr(fake_internet.addresses, "is_public", lambda number: number == "127.0.0.3" or really(number))
    fake_internet.name_server(monkeypatch, {"two.example": [["127.0.0.3", PUBLIC]]})
    site.behave(respond(body=b"second"))
    assert gone.port != site.port
    assert get(site.url(host="two.example")).body == b"second"


# ---- private machines


@pytest.mark.parametrize("host", SPELLINGS)
def test_every_spelling_of_a_private_machine(host: str, private: HttpServer) -> None:
    with pytest.raises(PrivateAddress):
        get(private.url(host=host), timeout_s=3)
    assert private.connections == []


@pytest.mark.parametrize("host", SPELLINGS)
def test_redirects_to_every_spelling_of_it(host: str, private: HttpServer, site: HttpServer) -> None:
    site.behave(redirect(private.url(host=host)))
    with pytest.raises(PrivateAddress):
        get(site.url(), timeout_s=3)
    assert len(site.requests) == 1
    assert private.connections == []


def test_of_the_numbers_of_a_name_only_the_public_ones_are_tried(
    monkeypatch: pytest.MonkeyPatch, private: HttpServer, site: HttpServer
) -> None:
    mixed = [PRIVATE, "::1", "::ffff:127.0.0.1", "169.254.169.254", PUBLIC, "10.0.0.1"]
    fake_internet.name_server(monkeypatch, {"mixed.example": [mixed], "inside.example": [mixed[:4]]})
    site.behave(respond(body=b"public"))
    assert get(site.url(host="mixed.example")).body == b"public"
    with pytest.raises(PrivateAddress):
        get(private.url(host="inside.example"))
    with pytest.raises(
        ConnectionFailed
    ):  # the public machine has nobody at that port, and the private one is not asked
        get(private.url(host="mixed.example"))
    assert private.connections == []


def test_the_number_that_was_checked_is_the_one_that_is_connected_to(
    monkeypatch: pytest.MonkeyPatch, private: HttpServer, site: HttpServer
) -> None:
    """DNS rebinding: the name leads to a public machine once, and inside from then on."""
    asked = fake_internet.name_server(monkeypatch, {"rebinds.example": [[PUBLIC], [PRIVATE]]})
    site.behave(redirect("/again"), respond())
    with pytest.raises(PrivateAddress):
        get(site.url(host="rebinds.example"))
    assert [one.path for one in site.requests] == ["/"]
    assert [name for name in asked if name == "rebinds.example"] == ["rebinds.example"] * 2  # once a connection
    assert private.connections == []


def test_open_and_closed_ports_inside_look_alike(private: HttpServer) -> None:
    with http_server(PRIVATE) as gone:
        pass
    failures = []
    for there in (private, gone):
        with pytest.raises(PrivateAddress) as caught:
            get(there.url())
        failures.append((str(caught.value), caught.value.host))
    assert failures[0] == failures[1]


def test_a_private_machine_may_be_allowed_and_leads_to_no_other(private: HttpServer) -> None:
    assert get(private.url(), allow_private=True).body == b"a secret"
    with http_server(PRIVATE) as other:
        private.behave(redirect(other.url()))
        with pytest.raises(PrivateAddress):
            get(private.url(), allow_private=True)
        assert other.connections == []


# ---- redirects


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_get_follows_redirects_without_the_secret(status: int, site: HttpServer) -> None:
    with http_server(PUBLIC) as other:
        site.behave(redirect(other.url("/ü"), status))
        other.behave(respond(body=b"there"))
        assert get(site.url(), secret={"X-Key": "k"}).body == b"there"
        assert site.requests[0].headers["x-key"] == "k"
        assert other.requests[0].path == "/%C3%BC"
        assert "x-key" not in other.requests[0].headers
        assert other.requests[0].headers["host"] == f"{PUBLIC}:{other.port}"


def test_redirects_without_end(site: HttpServer) -> None:
    site.behave(redirect("/round"))
    with pytest.raises(TooManyRedirects) as caught:
        get(site.url())
    assert caught.value.status == 302
    assert len(site.requests) == 4


def test_where_none_is_allowed_a_redirect_is_an_answer(site: HttpServer) -> None:
    site.behave(redirect("/on"))
    assert get(site.url(), max_redirects=0).status == 302
    assert len(site.requests) == 1


@pytest.mark.parametrize("to", ["file:///etc/passwd", "ftp://example.org/", "http://me:pw@127.0.0.2/", "https://"])
def test_redirects_to_what_is_no_address(to: str, site: HttpServer) -> None:
    site.behave(redirect(to))
    with pytest.raises(UnsafeRedirect):
        get(site.url())


def test_from_https_to_http_is_no_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, site: HttpServer) -> None:
    file = fake_internet.certificate(tmp_path, PUBLIC)
    fake_internet.trust(monkeypatch, file)
    with http_server(PUBLIC, certificate=file) as safe:
        safe.behave(redirect(site.url()))
        with pytest.raises(UnsafeRedirect):
            get(safe.url())
        safe.behave(redirect("/here"), respond(body=b"still safe"))
        assert get(safe.url()).body == b"still safe"
    assert site.connections == []


def test_a_header_that_is_none_is_not_quoted(site: HttpServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "lipsync")
    with pytest.raises(ConnectionFailed) as caught:
        get(site.url(), secret={"X-Key": "never-shown\r\nX-Evil: 1"})
    assert "never-shown" not in str(caught.value) + caplog.text
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
