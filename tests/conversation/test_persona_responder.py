"""The personas and models of this server as the responder, with a fake Ollama: down, slow, broken."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lipsync.conversation.assemble import conversation_parts
from lipsync.conversation.parts import DonePart
from lipsync.conversation.personas.load import load_personas
from lipsync.conversation.service import ConversationService
from lipsync.errors import LipsyncError
from lipsync.language_models.types import Message
from lipsync.settings import Settings
from tests.helpers.fake_service import FakeService
from tests.helpers.ports import free_port
from tests.language_models.fake_servers import FakeModelServer, model_server

CAPITAL = "The capital of France is Paris. It lies on the Seine."


@pytest.fixture
def ollama() -> Iterator[FakeModelServer]:
    with model_server() as server:
        yield server


def converse(settings: Settings, question: str, history: tuple[Message, ...] = (), persona: str = "ada") -> DonePart:
    """The end of an answer, and the health after it."""
    service = FakeService(settings)
    parts = conversation_parts(settings, load_personas(None, persona))
    conversations = ConversationService(settings, lambda: service, parts)
    try:
        *_, done = conversations.loop.iterate(conversations.answer(question, history))
        assert isinstance(done, DonePart)
        return done
    finally:
        conversations.close()


def with_ollama(settings: Settings, url: str, **more: object) -> Settings:
    return settings.model_copy(update={"llm_url": url, "llm_embedded": "off", "llm_first_token_s": 0.3, **more})


def test_without_any_model_stored_replies_answer(settings: Settings) -> None:
    off = settings.model_copy(update={"llm_embedded": "off"})
    done = converse(off, "Hello Ada")
    assert (done.full_text, done.action, done.degraded) == ("Hello! It is nice to meet you.", "greet", ())
    assert "program" in converse(off, "Are you a real person?").full_text


def test_a_server_answers_after_the_history(settings: Settings, ollama: FakeModelServer) -> None:
    history = (Message(role="user", content="Hi"), Message(role="assistant", content="Hello."))
    done = converse(with_ollama(settings, ollama.url), "What is the capital of France?", history)
    assert (done.full_text, done.degraded) == (CAPITAL, ())
    (request,) = [one for one in ollama.requests("/api/chat") if one.json().get("stream")]
    roles = [message["role"] for message in request.json()["messages"]]
    assert roles == ["system", "user", "assistant", "user"]


def test_a_server_that_is_down_is_replaced_by_stored_replies(settings: Settings) -> None:
    done = converse(with_ollama(settings, f"http://127.0.0.1:{free_port()}"), "Hello Ada")
    assert (done.full_text, done.degraded) == ("Hello! It is nice to meet you.", ("llm",))


def test_a_server_that_hangs_is_replaced_by_stored_replies(settings: Settings, ollama: FakeModelServer) -> None:
    ollama.hang_after = 0
    done = converse(with_ollama(settings, ollama.url), "Hello Ada")
    assert (done.full_text, done.degraded) == ("Hello! It is nice to meet you.", ("llm",))
    assert ollama.released.wait(5)


def test_half_an_answer_is_spoken_and_its_end_said(settings: Settings, ollama: FakeModelServer) -> None:
    ollama.pieces, ollama.break_after = ("The capital of France is Paris. ", "It lies", " on the", " Seine."), 3
    done = converse(with_ollama(settings, ollama.url), "What is the capital of France?")
    assert done.full_text.startswith("The capital of France is Paris. It lies")
    assert done.full_text.endswith(("once more.", "that thought."))
    assert done.degraded == ("llm",)


def test_markup_and_stage_directions_are_not_spoken(settings: Settings, ollama: FakeModelServer) -> None:
    ollama.pieces = ("*nods* ", "**Paris**, ", "of course! ", "😀 It is ", "[lovely](http://x.org).")
    done = converse(with_ollama(settings, ollama.url), "What is the capital of France?")
    assert (done.full_text, done.action) == ("Paris, of course! It is lovely.", "nod")


def test_an_unknown_persona_is_refused(settings: Settings) -> None:
    parts = conversation_parts(settings, load_personas(None, "ada"))
    with pytest.raises(LipsyncError) as caught:
        parts.responder().speaker("nobody")
    assert caught.value.code == "unknown_persona"


@pytest.mark.parametrize(("persona", "language"), [("ada", "en"), ("lev", "ru"), ("taras", "uk")])
def test_each_shipped_persona_greets_in_its_language(settings: Settings, persona: str, language: str) -> None:
    parts = conversation_parts(settings, load_personas(None, persona))
    speaker = parts.responder().speaker(None)
    assert (speaker.name, speaker.language) == (persona, language)
    assert len(speaker.phrases) > 1
