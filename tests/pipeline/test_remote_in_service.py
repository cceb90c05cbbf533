"""However badly a remote voice behaves, the request ends with a video in another voice, and says why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from lipsync.pipeline.service import LipsyncService
from lipsync.settings import Settings
from tests.helpers.http_server import (
    Behaviour,
    HttpServer,
    hang_up,
    http_server,
    never_respond,
    redirect,
    respond,
    respond_slowly,
)
from tests.speech.engines import remote_server as server

pytestmark = pytest.mark.slow

TEXT = "Hi there."


@pytest.fixture(scope="module")
def remote() -> Iterator[HttpServer]:
    with http_server() as one:
        yield one


@pytest.fixture
def service(remote: HttpServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LipsyncService:
    """A new one each time: five failures would open the circuit."""
    monkeypatch.setattr("lipsync.speech.engines.remote.BACKOFF", (0.01, 0.01))
    settings = Settings(
        _env_file=None,
        outputs=tmp_path / "outputs",
        cache=tmp_path / "cache",
        avatar="hopper",
        language="en",
        voices="remote,espeak",
        warm_up=False,
        remote_url=remote.url("/speak"),
        remote_allow_private=True,
        remote_timeout_s=0.7,
    )
    service = LipsyncService(settings)
    service.load(ahead=False)
    return service


def an_hour_of_silence(_: HttpServer) -> Behaviour:
    return respond(body=server.mp3(np.zeros(240_000, np.float32)) * 360)


@pytest.mark.parametrize(
    ("behaviour", "code", "says"),
    [
        (never_respond, "remote_slow", "in time"),
        (respond_slowly, "remote_slow", "in time"),
        (lambda _: respond(500), "remote_refused", "500"),
        (lambda _: server.speaks_half, "remote_unreachable", "reached"),
        (lambda _: hang_up, "remote_unreachable", "reached"),
        (lambda _: respond(body=b"<html>hello</html>"), "remote_not_sound", "page"),
        (an_hour_of_silence, "remote_not_sound", "127.0.0.1"),
        (lambda _: redirect("http://169.254.169.254/", 307), "remote_private", "169.254.169.254"),
    ],
    ids=["not at all", "slowly", "a 500", "half an MP3", "hangs up", "HTML", "an hour of silence", "a redirect"],
)
def test_another_voice_speaks(
    service: LipsyncService,
    remote: HttpServer,
    behaviour: Callable[[HttpServer], Behaviour],
    code: str,
    says: str,
) -> None:
    remote.behave(behaviour(remote))
    result = service.generate(text=TEXT)
    assert remote.requests
    assert result.path.stat().st_size > 1000
    assert result.voice == "espeak-female"  # as fits the portrait
    (fallback,) = result.fallbacks
    assert (fallback.engine, fallback.reason, fallback.voice) == ("remote", code, "espeak-female")
    assert says in fallback.sentence["en"]
    assert fallback.sentence["ru"] != fallback.sentence["en"]


def test_when_it_behaves_it_is_the_one_that_speaks(service: LipsyncService, remote: HttpServer) -> None:
    remote.behave(server.speaks)
    result = service.generate(text=TEXT)
    assert (result.voice, result.fallbacks) == ("remote", ())


def test_in_the_middle_the_next_one_goes_on(service: LipsyncService, remote: HttpServer) -> None:
    remote.behave(server.speaks, respond(404))
    result = service.generate(text="I am here. Now I am gone. And I stay away.")
    assert result.voice == "remote"
    assert [(one.reason, one.piece) for one in result.fallbacks] == [("remote_refused", 1)]
    assert len(remote.requests) == 2
