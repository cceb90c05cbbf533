"""How often one caller may ask for something to be made."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from limits.storage import RedisStorage
from pydantic import SecretStr
from werkzeug.test import TestResponse

from lipsync.errors import LipsyncError
from lipsync.runtime.installation import command_to_add
from lipsync.server.security.rate_limits import check_limits
from lipsync.settings import Settings
from tests.helpers.eventually import eventually
from tests.helpers.ports import free_port
from tests.helpers.protected_app import Guarded, bearer, guarded

OTHER = {"REMOTE_ADDR": "127.0.0.9"}
HELLO = {"text": "Hello", "language": "en"}


@pytest.fixture
def three(settings: Settings) -> Iterator[Guarded]:
    with guarded(settings, rate_limit="3/hour") as one:
        yield one


def ask(client: FlaskClient, key: str = "", address: str = "127.0.0.1", path: str = "/api/generate") -> TestResponse:
    """A request that is counted and makes nothing: its body is empty."""
    return client.post(path, headers=bearer(key) if key else {}, environ_base={"REMOTE_ADDR": address})


def test_what_is_over_the_limit_is_told_when_to_come_again(three: Guarded) -> None:
    answers = [ask(three.client) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [400, 400, 400, 429]
    assert [answer.headers["RateLimit-Remaining"] for answer in answers] == ["2", "1", "0", "0"]
    last = answers[-1]
    assert last.headers["RateLimit-Limit"] == "3"
    seconds = int(last.headers["Retry-After"])
    assert 3500 < seconds <= 3600
    assert abs(int(last.headers["RateLimit-Reset"]) - seconds) <= 1
    assert last.get_json() == {
        "code": "too_many_requests",
        "error": f"Too many requests (the limit is 3/hour). Try again in {seconds} seconds.",
    }


def test_what_is_within_it_makes_a_video_and_says_nothing_of_waiting(three: Guarded) -> None:
    answer = three.client.post("/api/generate", json=HELLO)
    assert (answer.status_code, answer.headers["RateLimit-Remaining"]) == (200, "2")
    assert "Retry-After" not in answer.headers


def test_all_that_makes_something_is_one_number(three: Guarded) -> None:
    for path in ("/api/generate", "/v1/audio/speech", "/api/voices"):
        assert ask(three.client, path=path).status_code in (400, 415)
    for path in ("/api/generate", "/api/jobs", "/v1/audio/speech", "/api/voices"):
        assert ask(three.client, path=path).status_code == 429, path
    assert ask(three.client, path="/v1/audio/speech").get_json()["error"]["code"] == "too_many_requests"


def test_to_look_and_to_cancel_is_not_counted(three: Guarded) -> None:
    for _ in range(5):
        assert ask(three.client).status_code in (400, 429)
    for path in ("/", "/api/health", "/api/voices", "/api/jobs", "/api/me", "/static/studio/studio.js"):
        answer = three.client.get(path)
        assert answer.status_code == 200, path
        assert "RateLimit-Limit" not in answer.headers
    assert three.client.delete("/api/voices/nobody").status_code == 404
    assert three.client.get("/api/generate").status_code == 405
    assert three.client.options("/api/generate").status_code == 200


def test_it_is_the_key_that_is_counted_and_not_the_address(three: Guarded) -> None:
    ann, bob = three.key(), three.key()
    assert [ask(three.client, ann).status_code for _ in range(4)][-1] == 429
    assert ask(three.client, ann, "203.0.113.5").status_code == 429  # from elsewhere, with the same key
    assert ask(three.client, bob).status_code == 400  # from the same place, with another
    assert ask(three.client).status_code == 400


def test_without_a_key_it_is_the_address(settings: Settings) -> None:
    with guarded(settings, rate_limit="1/hour", allow_anonymous=True, host="0.0.0.0") as one:
        assert [ask(one.client, address="203.0.113.5").status_code for _ in range(2)] == [400, 429]
        assert ask(one.client, address="203.0.113.6").status_code == 400
        # Who has one address of a network has all 2^64 of them.
        assert ask(one.client, address="2001:db8::1").status_code == 400
        assert ask(one.client, address="2001:db8::ffff:2").status_code == 429
        assert ask(one.client, address="2001:db8:0:1::1").status_code == 400
        # Of this machine's two kinds of network it is one caller.
        assert ask(one.client, address="::ffff:203.0.113.6").status_code == 429


def test_what_the_guard_refuses_is_not_counted(settings: Settings) -> None:
    with guarded(settings, rate_limit="1/hour", require_key=True) as one:
        for _ in range(3):
            assert ask(one.client).status_code == 401
        key = one.key()
        assert [ask(one.client, key).status_code for _ in range(2)] == [400, 429]


def test_several_limits_at_once(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now)
    with guarded(settings, rate_limit="2/second;4/day") as one:
        codes = []
        for step_s in (0.0, 0.0, 0.0, 1.1, 0.0, 1.1):
            now += step_s
            codes.append(ask(one.client).status_code)
        assert codes == [400, 400, 429, 400, 400, 429]


def test_without_a_limit_nothing_is_counted(settings: Settings) -> None:
    with guarded(settings, rate_limit="") as one:
        answers = [ask(one.client) for _ in range(15)]
        assert {answer.status_code for answer in answers} == {400}
        assert "RateLimit-Limit" not in answers[-1].headers


@pytest.mark.parametrize("limit", ["often", "10", "10/fortnight", "0/minute", "-1/minute", "10/minute;x"])
def test_a_limit_that_is_none(settings: Settings, limit: str) -> None:
    with pytest.raises(LipsyncError) as raised:
        check_limits(settings.model_copy(update={"rate_limit": limit}))
    assert raised.value.facts["field"] == "LIPSYNC_RATE_LIMIT"


@pytest.mark.parametrize("limit", ["", "  ", "10/minute", "10 per minute", "1/second; 100/day", "5/10 minutes"])
def test_a_limit_that_is_one(settings: Settings, limit: str) -> None:
    check_limits(settings.model_copy(update={"rate_limit": limit}))


def test_without_the_client_of_redis_it_is_told_what_to_install(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lipsync.server.security.rate_limits.find_spec", lambda _: None)
    with pytest.raises(LipsyncError) as raised:
        check_limits(settings.model_copy(update={"rate_storage": SecretStr("redis://:password@127.0.0.1")}))
    assert command_to_add("redis") in str(raised.value)
    assert "password" not in str(raised.value)


# ---- Redis


@contextmanager
def redis_server(folder: Path, port: int = 0) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The real one, on a free port, keeping nothing."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("Redis is not tried: redis-server is missing (apt install redis-server)")
    port = port or free_port()
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    with (folder / "redis.log").open("w") as log:
        process = subprocess.Popen([*command, "--dir", str(folder)], stdout=log, stderr=log)
    url = f"redis://127.0.0.1:{port}"
    try:
        eventually(lambda: process.poll() is not None or RedisStorage(url).check(), (folder / "redis.log").read_text)
        assert process.poll() is None, (folder / "redis.log").read_text()
        yield url, process
    finally:
        process.kill()
        process.wait()


@pytest.mark.system
def test_two_servers_count_together(settings: Settings, tmp_path: Path) -> None:
    with redis_server(tmp_path) as (url, _):
        shared = {"rate_limit": "3/hour", "rate_storage": SecretStr(url)}
        with guarded(settings, **shared) as one, guarded(settings, **shared) as other:
            codes = [ask(server.client).status_code for server in (one, other, one, other)]
            assert codes == [400, 400, 400, 429]


@pytest.mark.system
def test_when_redis_dies_each_counts_alone_and_nobody_gets_a_500(
    settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with ExitStack() as stack:
        url, process = stack.enter_context(redis_server(tmp_path))
        one = stack.enter_context(guarded(settings, rate_limit="3/hour", rate_storage=SecretStr(url)))
        assert ask(one.client).headers["RateLimit-Remaining"] == "2"
        process.kill()
        process.wait()
        answers = [ask(one.client) for _ in range(5)]
        assert [answer.status_code for answer in answers] == [400, 400, 400, 429, 429]
        assert answers[-1].headers["Retry-After"]
        assert len([record for record in caplog.records if "unreachable" in record.getMessage()]) == 1
        stack.enter_context(redis_server(tmp_path, int(url.rpartition(":")[2])))  # it comes back, and has forgotten
        eventually(lambda: ask(one.client).status_code != 429, interval_s=0.2)


def test_it_starts_while_redis_is_away(settings: Settings) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and does not listen
        url = f"redis://127.0.0.1:{nobody.getsockname()[1]}"
        with guarded(settings, rate_limit="1/hour", rate_storage=SecretStr(url)) as one:
            assert [ask(one.client).status_code for _ in range(2)] == [400, 429]


def test_redis_that_does_not_answer_holds_up_only_the_first(settings: Settings) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()  # and never says a word
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}"
        with guarded(settings, rate_limit="2/hour", rate_storage=SecretStr(url)) as one:
            assert [ask(one.client).status_code for _ in range(3)] == [400, 400, 429]
