"""Only https and public machines are spoken to; what goes wrong is one sentence."""

from __future__ import annotations

import socket
from http.client import HTTPMessage
from io import BytesIO
from urllib.error import URLError
from urllib.request import Request

import pytest

from lipsync.errors import LipsyncError
from lipsync.models.web import _SafeRedirects, check_address, open_public, said_plainly


@pytest.mark.parametrize(
    "address",
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
def test_unsafe_addresses_are_not_opened(address: str) -> None:
    with pytest.raises(LipsyncError) as caught, open_public(address, {}):
        pass
    assert caught.value.code == "unsafe_address"


def test_a_name_that_leads_to_this_machine_is_not_spoken_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a name server says: the machine that has answered is looked at."""
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        with pytest.raises(LipsyncError) as caught, open_public(f"https://localhost:{port}/x", {}):
            pass
        assert caught.value.code == "unsafe_address"
        listening.settimeout(5)
        connection, _ = listening.accept()
        with connection:
            assert connection.recv(1) == b""  # not a byte was said


def test_a_trusted_host_may_be_a_private_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        listening.close()
        with (
            pytest.raises(LipsyncError) as caught,
            open_public(f"https://127.0.0.1:{port}/x", {}, frozenset({"127.0.0.1"})),
        ):
            pass
        assert caught.value.code == "no_network"  # it was tried


@pytest.mark.parametrize("target", ["http://example.org/x", "https://127.0.0.1/x", "file:///etc/passwd"])
def test_redirects_to_unsafe_addresses_are_not_followed(target: str) -> None:
    with pytest.raises(LipsyncError) as caught:
        _redirect("https://example.org/a", target)
    assert caught.value.code == "unsafe_address"


def test_a_password_does_not_follow_a_redirect_to_another_machine() -> None:
    elsewhere = _redirect("https://example.org/a", "https://example.com/b")
    assert not elsewhere.has_header("Authorization")
    assert elsewhere.has_header("Range")
    assert _redirect("https://example.org/a", "https://example.org/b").has_header("Authorization")


def _redirect(start: str, target: str) -> Request:
    request = Request(start, headers={"Authorization": "Basic eDp5", "Range": "bytes=5-"})
    following = _SafeRedirects(frozenset()).redirect_request(request, BytesIO(), 302, "Found", HTTPMessage(), target)
    assert following is not None
    return following


def test_no_network_is_one_sentence() -> None:
    with pytest.raises(LipsyncError) as caught, said_plainly("example.org"):
        raise URLError(socket.gaierror(-2, "Name or service not known"))
    assert caught.value.code == "no_network"
    assert "example.org cannot be reached (DNS)" in caught.value.sentence("en")
    assert "example.org недоступен" in caught.value.sentence("ru")


def test_plain_addresses_pass() -> None:
    check_address("https://example.org/x?y=1")
    check_address("https://8.8.8.8/x")
