"""``/api/v1/stream``: who may talk, how often, and what becomes of messages that are wrong."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus

from lipsync.auth.keys import add_key
from lipsync.settings import Settings
from lipsync.storage.database import connect
from tests.helpers.eventually import eventually
from tests.helpers.gunicorn_server import Server, serve
from tests.helpers.live_client import PATH, LiveClient, live

pytestmark = pytest.mark.system

APP = "tests.helpers.apps.live_conversation:app"
SITE = "https://example.org"
PROTOCOL = "lipsync.v1"
_number = count()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Needs keys, has one place, and permits three questions a minute."""
    folder: Path = tmp_path_factory.mktemp("refusals")
    make_key(folder)
    environment = {"LIPSYNC_TALKS": "1", "LIPSYNC_REQUIRE_KEY": "1", "LIPSYNC_RATE_LIMIT": "3 per minute"}
    with serve(folder, APP, **environment) as running:
        yield running
    assert "Traceback" not in running.log.read_text()


@pytest.fixture
def key(server: Server) -> str:
    """A key that nobody has used."""
    return make_key(server.log.parent)


def make_key(folder: Path) -> str:
    """A new key of the server whose folders are in ``folder``."""
    engine = connect(Settings(_env_file=None, state=folder / "state"))
    try:
        return add_key(engine, f"key {next(_number)}", ("generate",))[1]
    finally:
        engine.dispose()


@contextmanager
def talking(server: Server, protocols: Callable[[], Sequence[str]] = tuple, **headers: str) -> Iterator[LiveClient]:
    """A talk, once there is a place: that of the test before is freed when its threads have ended."""
    with ExitStack() as stack:
        clients: list[LiveClient] = []

        def open_one() -> bool:
            try:
                clients.append(stack.enter_context(live(server, *protocols(), **headers)))
            except InvalidStatus as refused:
                if refused.response.status_code != 503:
                    raise
            return bool(clients)

        eventually(open_one, timeout_s=15, interval_s=0.05)
        yield clients[0]


@pytest.fixture
def client(server: Server, key: str) -> Iterator[LiveClient]:
    with talking(server, X_API_Key=key) as one:
        yield one


def refusal(server: Server, *protocols: str, **headers: str) -> tuple[int, str]:
    """Status and code of a handshake that is refused."""
    with pytest.raises(InvalidStatus) as refused, live(server, *protocols, **headers):
        pass
    response = refused.value.response
    return response.status_code, json.loads(response.body or b"{}")["code"]


# ---- who may talk


def test_a_key_is_needed(server: Server, key: str) -> None:
    assert refusal(server) == (401, "no_key")
    assert refusal(server, X_API_Key=key[:-1] + "x") == (401, "wrong_key")
    assert refusal(server, X_API_Key=key, Origin="https://evil.example") == (403, "other_site")


def issue(server: Server, key: str, **fields: str) -> str:
    answer = server.ask("POST", "/api/v1/tickets", fields, {"X-API-Key": key})
    assert answer.status == 201, answer.body
    return f"ticket.{json.loads(answer.body)['ticket']}"


def test_a_ticket_is_for_one_use(server: Server, key: str) -> None:
    own = f"http://127.0.0.1:{server.port}"
    tickets: list[str] = []

    def protocols() -> list[str]:
        tickets.append(issue(server, key, origin=own))
        return [PROTOCOL, tickets[-1]]

    with talking(server, protocols, Origin=own) as client:
        assert client.connection.subprotocol == PROTOCOL
        assert client.ask("Hello")["full_text"] == "Paris it is."
    assert refusal(server, PROTOCOL, tickets[-1], Origin=own) == (401, "wrong_ticket")


def test_a_ticket_is_for_one_site(server: Server, key: str) -> None:
    ticket = issue(server, key, origin=f"http://127.0.0.1:{server.port}")
    status, _ = refusal(server, PROTOCOL, ticket, Origin=SITE)
    assert status in (401, 403)
    assert refusal(server, PROTOCOL, issue(server, key, origin=SITE)) == (401, "wrong_ticket")


def test_a_ticket_is_for_one_persona(server: Server, key: str) -> None:
    with talking(server, lambda: [PROTOCOL, issue(server, key, persona="ada")]) as client:
        assert client.start()["persona"] == "ada"
        client.send(type="start", persona="lev")
        assert client.until("error")["fatal"] is False


# ---- how often


def test_one_talk_too_many_is_refused_until_a_place_is_free(server: Server, key: str) -> None:
    with talking(server, X_API_Key=key) as client:
        with pytest.raises(InvalidStatus) as refused, live(server, X_API_Key=key):
            pass
        response = refused.value.response
        assert (response.status_code, response.headers["Retry-After"]) == (503, "10")
        assert json.loads(response.body or b"")["code"] == "too_many_talks"
        plain = server.ask("GET", PATH, headers={"X-API-Key": key})  # how a page learns the reason
        assert (plain.status, plain.code, plain.headers["Retry-After"]) == (503, "too_many_talks", "10")
        client.send(type="chat", message=f"repeat: {'One two three four. ' * 50}")
        client.until("frame")
        client.connection.socket.shutdown(socket.SHUT_RDWR)  # without a word
    with talking(server, X_API_Key=key) as client:
        assert client.ask("repeat: Free.")["full_text"] == "Free."


def test_each_question_counts(client: LiveClient) -> None:
    client.start(want={"blendshapes": "none"})
    client.ask("repeat: One.")
    client.send(type="say", text="Two.")
    client.until("done")
    client.ask("repeat: Three.")
    client.send(type="chat", message="repeat: Four.")
    error = client.until("error")
    assert (error["code"], error["answer"], error["fatal"]) == ("too_many_requests", 4, False)
    client.send(type="say", text="Five.")
    assert client.until("error")["code"] == "too_many_requests"
    client.send(type="ping")
    client.until("pong")


# ---- messages


def test_a_text_that_is_too_long_is_told_its_limit(client: LiveClient) -> None:
    for _ in range(4):
        client.send(type="chat", message="a" * 2001)
        error = client.until("error")
        assert (error["code"], error["fatal"]) == ("text_too_long", False)
        assert "2000" in error["error"].replace(",", "")
    client.send(type="say", text="a" * 5001)
    assert client.until("error")["code"] == "text_too_long"


def test_markup_is_removed(client: LiveClient) -> None:
    done = client.ask("<script>alert(1)</script>repeat: <b>Bold</b> &amp; brave.")
    assert done["full_text"] == "Bold & brave."
    client.send(type="chat", message="<script>alert(1)</script>")
    assert client.until("error")["code"] == "nothing_to_say"


@pytest.mark.parametrize(
    "garbage",
    [
        "",
        "nothing",
        "[]",
        "{}",
        '{"type":"unknown"}',
        '{"type":"chat"}',
        '{"type":"chat","message":7}',
        '{"type":"audio","data":"%"}',
        '{"type":"start","fps":1}',
        '{"type":"played","answer":0,"ms":NaN}',
        "[" * 60_000,
        b"",
        b"\x01",
        b"\xff" * 20,
    ],
)
def test_garbage_three_times_is_the_end(client: LiveClient, garbage: str | bytes) -> None:
    for _ in range(3):
        client.connection.send(garbage)
    client.finish()
    assert [(one["code"], one["fatal"]) for one in client.of("error")] == [("bad_message", False)] * 2 + [
        ("bad_message", True)
    ]
    assert client.close_code == 1008


@pytest.mark.parametrize("message", [json.dumps({"type": "chat", "message": "a" * 70_000}), b"\x01" + bytes(40_000)])
def test_a_message_that_is_too_large_is_the_end(client: LiveClient, message: str | bytes) -> None:
    client.connection.send(message)
    client.finish()
    assert client.of("error")[-1]["fatal"] is True
    assert client.close_code == 1009


def test_odd_values_do_no_harm(client: LiveClient) -> None:
    """In their order: what is played before there is anything, of no answer, and half a sample of sound."""
    client.start(turn={"mode": "manual"})
    for message in (
        {"type": "played", "answer": 99, "ms": 1e6},
        {"type": "interrupt"},
        {"type": "clear"},
        {"type": "commit"},
        {"type": "audio", "data": "AA=="},
        {"type": "start", "input": {"rate": 96_000}, "turn": {"mode": "manual"}},
        {"type": "audio", "data": "AAAA"},
        {"type": "commit"},
    ):
        client.send(**message)
    client.send(type="ping")
    client.until("pong")
    assert not client.of("error")
