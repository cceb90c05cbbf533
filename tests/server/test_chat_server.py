"""Answers as server-sent events through a real server: readers that leave, and a server that stops."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.eventually import eventually
from tests.helpers.gunicorn_server import PATIENCE, Server, serve
from tests.server.gunicorn.test_worker import worker_of

pytestmark = pytest.mark.system


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with serve(
        tmp_path, app="tests.helpers.apps.endless_answers:app", LIPSYNC_TALKS="1", LIPSYNC_RATE_LIMIT=""
    ) as one:
        yield one


def ask(server: Server) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    body, kind = json.dumps({"message": "Hello"}), {"Content-Type": "application/json"}
    connection.request("POST", "/api/v1/chat?stream=1", body, kind)
    return connection, connection.getresponse()


def sounds(response: http.client.HTTPResponse) -> Iterator[str]:
    """The lines with sound."""
    while line := response.readline():
        if b'"audio_chunk"' in line:
            yield line.decode()


def test_a_reader_that_leaves_makes_room_for_another(server: Server) -> None:
    connection, response = ask(server)
    assert response.status == 200
    next(sounds(response))
    refused = server.ask("POST", "/api/v1/chat?stream=1", {"message": "Hello"})
    assert (refused.status, refused.headers["Retry-After"]) == (503, "10")
    connection.close()
    response.close()

    def is_free() -> bool:
        again, second = ask(server)
        second.close()
        again.close()
        return second.status == 200

    eventually(is_free)


@pytest.mark.parametrize(
    ("path", "field"), [("/api/v1/avatar/interact", "audio"), ("/v1/audio/transcriptions", "file")]
)
def test_60_mb_are_refused_with_one_sentence(server: Server, path: str, field: str) -> None:
    head = f'--x\r\nContent-Disposition: form-data; name="{field}"; filename="q.wav"\r\n\r\n'.encode()
    body = head + bytes(60_000_000) + b"\r\n--x--\r\n"
    memory = worker_of(server).memory_info().rss
    answer = server.ask("POST", path, body, {"Content-Type": "multipart/form-data; boundary=x"})
    assert answer.status == 413
    assert b"file_too_large" in answer.body
    assert b"20 MB" in answer.body
    assert worker_of(server).memory_info().rss - memory < 30_000_000
    assert server.ask("GET", "/api/v1/health").status == 200


def test_a_server_that_stops_ends_answers_after_a_sentence(server: Server) -> None:
    connection, response = ask(server)
    next(sounds(response))
    server.process.terminate()
    last = [line for line in response.read().split(b"\n\n") if line][-1]
    message = json.loads(last.removeprefix(b"data: "))
    assert (message["type"], message["code"], message["fatal"]) == ("error", "stopping", True)
    assert server.process.wait(PATIENCE) == 0
    connection.close()
