"""Ollama through its own client, and any OpenAI-compatible server: replies, failures, cancelling, health."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from lipsync.language_models.errors import LanguageModelError
from lipsync.language_models.http import host_of
from lipsync.language_models.limits import MAX_RESPONSE_BYTES
from lipsync.language_models.ollama import OllamaModel
from lipsync.language_models.openai_compatible import OpenAIModel, base_url
from lipsync.language_models.types import GenerationOptions, Message
from tests.helpers.http_server import hang_up
from tests.helpers.ports import free_port
from tests.helpers.run_async import run_async
from tests.language_models.fake_servers import PIECES, FakeModelServer, model_server

pytest.importorskip("ollama", reason="the extra conversation is not installed")

MESSAGES = (
    Message(role="system", content="You are Ada."),
    Message(role="user", content="What is the capital of France?"),
)
OPTIONS = GenerationOptions(temperature=0.3, max_tokens=77)
Model = OllamaModel | OpenAIModel
MAKERS: dict[str, Callable[..., Model]] = {"ollama": OllamaModel, "openai": OpenAIModel}


@pytest.fixture
def server() -> Iterator[FakeModelServer]:
    with model_server() as fake:
        yield fake


@pytest.fixture(params=MAKERS)
def make(request: pytest.FixtureRequest) -> Callable[..., Model]:
    return MAKERS[request.param]


def use(model: Model, work: Callable[[Model], Awaitable[Any]]) -> Any:
    """What ``work`` returns; the model is closed afterwards."""

    async def run() -> Any:
        try:
            return await work(model)
        finally:
            await model.close()

    return run_async(run())


async def pieces_of(model: Model) -> list[str]:
    return [piece async for piece in model.stream(MESSAGES, OPTIONS)]


def failure_of(model: Model) -> LanguageModelError:
    with pytest.raises(LanguageModelError) as caught:
        use(model, pieces_of)
    return caught.value


def test_a_reply_comes_in_pieces(server: FakeModelServer, make: Callable[..., Model]) -> None:
    assert use(make(server.url, "llama3.2"), pieces_of) == list(PIECES)


def test_ollama_gets_what_its_own_interface_needs(server: FakeModelServer) -> None:
    use(OllamaModel(server.url, "llama3.2", context=2048, keep_alive_s=90), pieces_of)
    [request] = server.requests("/api/chat")
    body = request.json()
    assert body["options"] == {"num_ctx": 2048, "temperature": 0.3, "num_predict": 77}
    assert (body["think"], body["stream"], body["keep_alive"]) == (False, True, 90)
    assert body["messages"] == [message.model_dump() for message in MESSAGES]


def test_an_openai_compatible_server_gets_the_key(server: FakeModelServer) -> None:
    use(OpenAIModel(server.url, "some-model", key="secret"), pieces_of)
    [request] = server.requests("/v1/chat/completions")
    assert request.headers["authorization"] == "Bearer secret"
    assert (request.json()["temperature"], request.json()["max_tokens"]) == (0.3, 77)


def test_without_a_name_the_first_model_of_the_server_replies(
    server: FakeModelServer, make: Callable[..., Model]
) -> None:
    use(make(server.url), pieces_of)
    chats = [*server.requests("/api/chat"), *server.requests("/v1/chat/completions")]
    assert [request.json()["model"] for request in chats] == ["llama3.2:latest"]
    server.models = []
    assert failure_of(make(server.url)).code == "llm_no_model"


def test_the_whole_reply_is_without_markup(server: FakeModelServer, make: Callable[..., Model]) -> None:
    server.pieces = ("*smi", "les* **Par", "is**! [act", "ion: nod] 😀")
    response = use(make(server.url, "m"), lambda model: model.generate(MESSAGES, OPTIONS))
    assert (response.text, response.action, response.tokens_count) == ("Paris!", "nod", 4)


def test_preload_loads_the_model_and_lets_it_read_the_prompt(server: FakeModelServer) -> None:
    use(OllamaModel(server.url, "llama3.2", context=2048), lambda model: model.preload("You are Ada."))
    [loaded] = server.requests("/api/generate")
    assert not loaded.json().get("prompt")
    assert loaded.json()["options"]["num_ctx"] == 2048
    [read] = server.requests("/api/chat")
    assert read.json()["messages"] == [{"role": "system", "content": "You are Ada."}]
    assert read.json()["options"] == {"num_ctx": 2048, "num_predict": 1}, "another context would load it anew"


def test_an_openai_compatible_server_is_preloaded_by_one_token(server: FakeModelServer) -> None:
    use(OpenAIModel(server.url, "m"), lambda model: model.preload("You are Ada."))
    [request] = server.requests("/v1/chat/completions")
    assert request.json()["max_tokens"] == 1


@pytest.mark.parametrize("code", [404, 500, 302])
def test_a_refusal_names_the_status(server: FakeModelServer, make: Callable[..., Model], code: int) -> None:
    server.status = code
    error = failure_of(make(server.url, "m"))
    assert (error.code, error.facts["status"]) == ("llm_refused", code)


def test_nobody_listens(make: Callable[..., Model]) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    error = failure_of(make(url, "m"))
    assert error.code == "llm_unreachable"
    assert host_of(url) in str(error)
    assert use(make(url, "m"), lambda model: model.health_check()) is False


def test_a_connection_that_was_closed_meanwhile_is_opened_again(
    server: FakeModelServer, make: Callable[..., Model]
) -> None:
    assert server.http is not None
    server.http.behave(hang_up, server.answer)
    assert use(make(server.url, "m"), pieces_of) == list(PIECES)
    server.http.behave(hang_up)
    assert failure_of(make(server.url, "m")).code == "llm_broke_off"


def test_a_server_that_hangs_is_given_up(server: FakeModelServer, make: Callable[..., Model]) -> None:
    server.hang_after = 0
    assert failure_of(make(server.url, "m", timeout_s=0.1)).code == "llm_slow"


@pytest.mark.parametrize("change", [{"break_after": 2}, {"error_after": 2}])
def test_half_a_reply_is_an_error_after_its_pieces(
    server: FakeModelServer, make: Callable[..., Model], change: dict[str, int]
) -> None:
    for name, value in change.items():
        setattr(server, name, value)
    received: list[str] = []

    async def read(model: Model) -> None:
        async for piece in model.stream(MESSAGES, OPTIONS):
            received.append(piece)

    with pytest.raises(LanguageModelError) as caught:
        use(make(server.url, "m"), read)
    assert received == list(PIECES[:2])
    assert caught.value.code in ("llm_broke_off", "llm_refused")


@pytest.mark.parametrize("junk", [b"<html>not a model</html>\n", b"data: {nonsense\n\n", b"data: [1, 2]\n\n"])
def test_another_kind_of_server_is_an_error(server: FakeModelServer, make: Callable[..., Model], junk: bytes) -> None:
    server.junk = junk
    assert failure_of(make(server.url, "m")).code == "llm_broke_off"


def test_an_endless_line_is_not_kept(server: FakeModelServer, make: Callable[..., Model]) -> None:
    server.junk = b"x" * (MAX_RESPONSE_BYTES + 1)
    assert failure_of(make(server.url, "m")).code == "llm_broke_off"


def test_an_endless_reply_ends(server: FakeModelServer, make: Callable[..., Model]) -> None:
    server.pieces = ("word " * 100,) * 100
    assert sum(map(len, use(make(server.url, "m"), pieces_of))) <= 16_500


def test_closing_the_iterator_hangs_up(server: FakeModelServer, make: Callable[..., Model]) -> None:
    server.hang_after = 2

    async def read_two(model: Model) -> list[str]:
        stream = model.stream(MESSAGES, OPTIONS)
        async with contextlib.aclosing(stream):
            return [await anext(stream), await anext(stream)]

    assert use(make(server.url, "m"), read_two) == list(PIECES[:2])
    assert server.released.wait(5)


def test_cancelling_the_task_hangs_up(server: FakeModelServer, make: Callable[..., Model]) -> None:
    server.hang_after = 1

    async def cancel(model: Model) -> None:
        task = asyncio.ensure_future(pieces_of(model))
        while not [one for one in server.http.requests if "chat" in one.path]:  # type: ignore[union-attr]
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    use(make(server.url, "m"), cancel)
    assert server.released.wait(5)


def test_health(server: FakeModelServer, make: Callable[..., Model]) -> None:
    assert use(make(server.url), lambda model: model.health_check()) is True
    server.models = []
    assert use(make(server.url), lambda model: model.health_check()) is False


def test_ollama_without_the_model_is_not_healthy(server: FakeModelServer) -> None:
    assert use(OllamaModel(server.url, "llama3.2"), lambda model: model.health_check()) is True
    assert use(OllamaModel(server.url, "qwen3"), lambda model: model.health_check()) is False


def test_a_proxy_of_the_environment_is_not_used(
    server: FakeModelServer, make: Callable[..., Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    assert use(make(server.url, "m"), pieces_of) == list(PIECES)


def test_addresses() -> None:
    assert base_url("http://a:1/v1") == base_url("http://a:1") == base_url("http://a:1/") == "http://a:1/v1/"
    assert base_url("https://a/openai/v2/") == "https://a/openai/v2/"
    assert host_of("http://me:word@a.example:8080/x?y") == "a.example:8080"
