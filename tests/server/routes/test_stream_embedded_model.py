"""``/api/v1/stream`` where the process of the embedded language model is killed: all questions are answered."""

from __future__ import annotations

import json
from collections.abc import Iterator

import psutil
import pytest

from tests.helpers.eventually import eventually
from tests.helpers.gunicorn_server import Server, serve
from tests.helpers.live_client import LiveClient, check_sound, live
from tests.server.gunicorn.test_worker import worker_of

pytest.importorskip("xllamacpp", reason="the extra conversation is not installed")

pytestmark = pytest.mark.system

APP = "tests.helpers.apps.embedded_conversation:app"
BEGUN = "hang One two three. Four five six. Seven"
"""The model writes this, and then nothing more."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("embedded")
    model = folder / "model.gguf"
    model.touch()
    with serve(folder, APP, LIPSYNC_LLM_FILE=str(model), LIPSYNC_VOICES="espeak", LIPSYNC_TALKS="2") as running:
        yield running
        started = [child.pid for child in worker_of(running).children()]
    eventually(lambda: not any(psutil.pid_exists(pid) for pid in started))
    assert "Traceback" not in running.log.read_text()


@pytest.fixture
def client(server: Server) -> Iterator[LiveClient]:
    with live(server) as one:
        one.is_fast = True
        one.start()
        yield one


def processes_of_model(server: Server) -> list[psutil.Process]:
    """The processes that the model runs in: one at most."""

    def is_one(process: psutil.Process) -> bool:
        try:
            return "lipsync.language_models.llama_child" in process.cmdline()
        except psutil.Error:  # it has ended
            return False

    return [one for one in worker_of(server).children() if is_one(one)]


def process_of_model(server: Server) -> psutil.Process:
    (process,) = processes_of_model(server)
    return process


def thinks(server: Server) -> tuple[str, bool]:
    """The status, and whether the language model works, as the health says."""
    answer = json.loads(server.ask("GET", "/api/v1/health").body)
    return answer["status"], answer["components"]["llm"]


def kill(process: psutil.Process) -> None:
    process.kill()
    eventually(lambda: not psutil.pid_exists(process.pid))


def check_next_answer(server: Server, client: LiveClient, killed: psutil.Process) -> None:
    """Another process writes it."""
    done = client.ask("echo Six seven eight.")
    assert (done["full_text"], done.get("degraded") or []) == ("Six seven eight.", [])
    assert process_of_model(server).pid != killed.pid
    eventually(lambda: thinks(server) == ("healthy", True), lambda: thinks(server))


def test_killed_in_the_middle_of_an_answer(server: Server, client: LiveClient) -> None:
    for _ in range(2):
        client.came.clear()
        client.send(type="chat", message=BEGUN)
        client.until("sentence", text="One two three.")  # a filler may come before
        process = process_of_model(server)
        kill(process)
        done = client.until("done")
        assert done["degraded"] == ["llm"]
        assert done["full_text"].startswith("One two three. Four five six. … ")
        assert any(end in done["full_text"] for end in ("ask me once more", "cannot finish that thought"))
        check_sound(client.sound(), done["total_duration"])
        assert thinks(server) == ("degraded", False)
        check_next_answer(server, client, process)


def test_killed_before_its_first_word(server: Server, client: LiveClient) -> None:
    """A stored reply answers."""
    client.ask("echo One.")
    process = process_of_model(server)
    read = process.io_counters().read_chars
    client.send(type="chat", message="hang …")
    eventually(lambda: process.io_counters().read_chars > read)  # it has the question
    kill(process)
    done = client.until("done")
    assert done["degraded"] == ["llm"]
    assert done["full_text"]
    assert thinks(server) == ("degraded", False)
    check_next_answer(server, client, process)


def test_killed_while_nobody_asks(server: Server, client: LiveClient) -> None:
    client.ask("echo One.")
    process = process_of_model(server)
    kill(process)
    assert client.ask("echo Two.")["full_text"]  # it may come before the death is known
    check_next_answer(server, client, process)


def test_a_process_that_always_dies_leaves_the_stored_replies(server: Server, client: LiveClient) -> None:
    """After five deaths in a row it is not started for a minute, and the health says so."""
    for _ in range(7):
        done = client.ask("crash")
        assert done["degraded"] == ["llm"]
        assert done["full_text"]
    assert thinks(server) == ("degraded", False)
    assert processes_of_model(server) == []
