"""``/api/v1/stream`` where a part fails: an answer comes all the same, and says what failed; so does the health."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.eventually import eventually
from tests.helpers.gunicorn_server import Server, serve
from tests.helpers.live_client import LiveClient, check_sound, live, spoken

pytestmark = pytest.mark.system

APP = "tests.helpers.apps.live_conversation:app"
QUESTION = spoken("What is the capital of France?")
ALL_WORK = {"llm": True, "tts": True, "lipsync": True, "motion": True, "stt": True}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve(tmp_path_factory.mktemp("faults"), APP, LIPSYNC_TALKS="2", LIPSYNC_VOICE_TIMEOUT_S="1") as running:
        yield running


@pytest.fixture
def faults(server: Server) -> Iterator[Path]:
    """Parts fail that have a file in this folder."""
    folder = server.log.parent / "state" / "faults"
    folder.mkdir(exist_ok=True)
    yield folder
    for file in folder.iterdir():
        file.unlink()


@pytest.fixture
def client(server: Server) -> Iterator[LiveClient]:
    with live(server) as one:
        one.is_fast = True
        yield one


def health(server: Server) -> tuple[str, dict[str, bool]]:
    """The status, and whether each part works."""
    answer = json.loads(server.ask("GET", "/api/v1/health").body)
    return answer["status"], answer["components"]


def components(server: Server) -> dict[str, bool]:
    return health(server)[1]


def check_health(server: Server, part: str | None = None) -> None:
    """The health comes to say that ``part`` does not work, and nothing else; None: that all parts work."""
    expected = ("healthy", ALL_WORK) if part is None else ("degraded", ALL_WORK | {part: False})
    eventually(lambda: health(server) == expected, lambda: health(server), interval_s=0.1)


def check_whole(client: LiveClient, done: dict[str, object]) -> None:
    """There is sound and there are weights for the whole answer."""
    duration = done["total_duration"]
    assert isinstance(duration, float)
    assert duration > 0.5
    check_sound(client.sound(), duration)
    assert len([one for one in client.of("frame") if "blendshapes" in one]) == pytest.approx(duration * 30, abs=1)


@pytest.mark.parametrize(
    ("fault", "degraded", "text"),
    [
        ("llm-raises", "llm", "sorry"),
        ("llm-hangs", "llm", "ask me again"),
        ("llm-half", "llm", "One two three."),
        ("tts-raises", "tts", "One two three. Four five six."),
        ("tts-hangs", "tts", "One two three. Four five six."),
        ("mood-raises", "mood", "One two three. Four five six."),
    ],
)
def test_a_part_that_fails(
    server: Server, client: LiveClient, faults: Path, fault: str, degraded: str, text: str
) -> None:
    (faults / fault).touch()
    (faults.parents[1] / "outputs" / "go").touch()
    done = client.ask("repeat: One two three. |Four five six.")
    assert done["degraded"] == [degraded]
    assert text.lower() in done["full_text"].lower()
    check_whole(client, done)
    check_health(server, degraded if degraded in ALL_WORK else None)
    (faults / fault).unlink()
    assert not client.ask("repeat: Next.").get("degraded")
    check_health(server)


def test_a_voice_that_hangs_is_not_waited_for_again(server: Server, client: LiveClient, faults: Path) -> None:
    """Each sentence would wait for its time limit; the voice that took over is heard."""
    (faults / "tts-hangs").touch()
    for number in range(3):
        client.came.clear()
        done = client.ask(f"repeat: This is number {number}. One more sentence. And a third one.")
        assert done["degraded"] == ["tts"]
        check_whole(client, done)
        assert any(any(samples) for _, samples in client.sound())
    check_health(server, "tts")
    (faults / "tts-hangs").unlink()
    assert not client.ask("repeat: Next.").get("degraded")
    check_health(server)


def test_a_video_that_fails(client: LiveClient, faults: Path) -> None:
    (faults / "video-raises").touch()
    client.start(want={"video": "fmp4"})
    done = client.ask("repeat: One two three.")
    assert (done["full_text"], done["degraded"]) == ("One two three.", ["video"])
    check_whole(client, done)


@pytest.mark.parametrize("fault", ["stt-raises", "stt-hangs"])
def test_ears_that_fail(server: Server, client: LiveClient, faults: Path, fault: str) -> None:
    """Again and again: a recognizer that hangs takes no thread from the answers."""
    (faults / fault).touch()
    client.start(turn={"mode": "manual"})
    for _ in range(2):
        client.hear(QUESTION)
        client.send(type="commit")
        done = client.until("done")
        assert done["degraded"] == ["stt"]
        assert done["full_text"]
    assert client.ask("repeat: In writing it works.")["full_text"] == "In writing it works."
    check_health(server, "stt")
    (faults / fault).unlink()
    client.hear(QUESTION)
    client.send(type="commit")
    assert client.until("done")["full_text"] == "Paris it is."
    check_health(server)


@pytest.mark.parametrize(("fault", "part"), [("llm-raises", "llm"), ("stt-raises", "stt")])
def test_the_health_names_the_part(server: Server, faults: Path, fault: str, part: str) -> None:
    (faults / fault).touch()
    eventually(lambda: components(server) == ALL_WORK | {part: False}, interval_s=0.2)
    with live(server) as client:
        assert client.start()["parts"][part] == {"name": part, "fallback": True}
    (faults / fault).unlink()
    eventually(lambda: components(server) == ALL_WORK, interval_s=0.2)


def test_an_answer_that_cannot_begin_is_an_error(client: LiveClient, faults: Path) -> None:
    (faults / "service-loads").touch()
    client.start()
    for kind, field in (("chat", "message"), ("say", "text")):
        client.send(type=kind, **{field: "Hello"})
        error = client.until("error")
        assert (error["code"], error["fatal"]) == ("not_ready", False)
    client.hear(QUESTION)
    assert client.until("error")["code"] == "not_ready"
    (faults / "service-loads").unlink()
    assert client.ask("Hello")["full_text"] == "Paris it is."


def test_an_answer_that_breaks_off_is_an_error(client: LiveClient, faults: Path) -> None:
    (faults / "responder-raises").touch()
    client.send(type="chat", message="Hello")
    error = client.until("error")
    assert (error["code"], error["answer"]) == ("internal", 1)
    (faults / "responder-raises").unlink()
    assert client.ask("Hello")["full_text"] == "Paris it is."
