"""Whether the client has left, asked in a request that a real gunicorn serves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lipsync.server.asgi.departure import has_left
from tests.helpers.apps.short_timeouts import app
from tests.helpers.gunicorn_server import Server, serve, wait_until
from tests.helpers.raw_http import connected, get

pytestmark = pytest.mark.system


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with serve(tmp_path, "tests.helpers.apps.short_timeouts:app") as running:
        yield running


@pytest.mark.parametrize(
    "request_of_it",
    [get("/wait"), b"POST /wait HTTP/1.1\r\nHost: x\r\nContent-Length: 20000\r\n\r\n" + b"a" * 20_000],
    ids=["all is read", "its body was not read"],
)
def test_one_who_leaves_is_noticed(server: Server, tmp_path: Path, request_of_it: bytes) -> None:
    with connected(server) as client:
        client.sendall(request_of_it)
        wait_until((tmp_path / "outputs" / "waiting").exists, server)
        assert not (tmp_path / "outputs" / "left").exists()
    wait_until((tmp_path / "outputs" / "left").exists, server)


def test_one_who_stays_is_answered(server: Server, tmp_path: Path) -> None:
    with connected(server) as client:
        client.sendall(get("/wait"))
        wait_until((tmp_path / "outputs" / "waiting").exists, server)
        (tmp_path / "outputs" / "go").touch()
        assert b"200 OK" in client.recv(4096)
    assert not (tmp_path / "outputs" / "left").exists()


def test_where_it_cannot_be_known_nobody_has_left() -> None:
    with app.test_request_context("/wait"):
        assert not has_left()
