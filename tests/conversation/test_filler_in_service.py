"""What a filler of a persona leaves to the reply: its action, and what an answer shows of the health of the parts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from concurrent.futures import Future
from contextlib import aclosing
from dataclasses import replace

import pytest

from lipsync.conversation.options import AnswerOptions
from lipsync.conversation.parts import AnswerPart, DonePart, SentencePart
from lipsync.conversation.reply_text import SpokenClauses
from lipsync.conversation.responder import Speaker
from lipsync.conversation.service import ConversationService
from lipsync.language_models.types import GenerationOptions
from lipsync.settings import Settings
from tests.helpers.conversation import FakeModel, FakeModelReply, FakeMotion, FakeResponder, fake_parts
from tests.helpers.fake_service import FakeService


class GatedModel(FakeModel):
    """A model that waits for ``gate`` before each reply."""

    def __init__(self) -> None:
        super().__init__("It is here. ", "[action: shake] Good bye.")
        self.gate = asyncio.Event()

    async def stream(self, messages: object, options: GenerationOptions) -> AsyncGenerator[str, None]:  # type: ignore[override]
        await self.gate.wait()
        async for piece in super().stream(messages, options):  # type: ignore[arg-type]
            yield piece


class BridgingResponder(FakeResponder):
    """A persona whose filler names an action, and whose model waits."""

    def __init__(self) -> None:
        self.slow = GatedModel()
        super().__init__(self.slow)

    def speaker(self, persona: str | None) -> Speaker:
        return replace(super().speaker(persona), fillers=("Hmm [action: smile] let me see",))

    def reply(self, persona: str | None, history: object, question: str) -> FakeModelReply:  # noqa: ARG002
        return FakeModelReply(self.slow, None)


@pytest.fixture
def responder() -> BridgingResponder:
    return BridgingResponder()


@pytest.fixture
def motion() -> FakeMotion:
    return FakeMotion()


@pytest.fixture
def conversations(
    settings: Settings, responder: BridgingResponder, motion: FakeMotion
) -> Iterator[ConversationService]:
    service = FakeService(settings)
    parts = replace(fake_parts(responder, motion=motion), reply_text=SpokenClauses)
    made = ConversationService(settings, lambda: service, parts)
    made.limits = replace(made.limits, filler_s=0.01)
    yield made
    made.close()


def ask(
    conversations: ConversationService, responder: BridgingResponder, *, is_interrupted: bool = False
) -> list[AnswerPart]:
    """An answer whose model writes when the filler is spoken, or which is closed then."""
    turn_ended: Future[None] = Future()
    turn_ended.set_result(None)

    async def read() -> list[AnswerPart]:
        parts: list[AnswerPart] = []
        answer = conversations.answer("Well?", options=AnswerOptions(), turn_ended=turn_ended)
        async with aclosing(answer) as stream:
            async for part in stream:
                parts.append(part)
                if isinstance(part, SentencePart):
                    if is_interrupted:
                        break
                    responder.slow.gate.set()
        return parts

    return conversations.loop.run(read())


def test_the_action_of_a_filler_is_its_own(
    conversations: ConversationService, responder: BridgingResponder, motion: FakeMotion
) -> None:
    parts = ask(conversations, responder)
    sentences = [part for part in parts if isinstance(part, SentencePart)]
    assert [(part.text, part.action, part.mood, part.is_filler) for part in sentences] == [
        ("Hmm let me see", "smile", "happy", True),
        ("It is here.", None, "neutral", False),
        ("Good bye.", "shake", "neutral", False),
    ]
    assert all(part.phones[0].start == pytest.approx(part.start) for part in sentences)
    assert isinstance(parts[-1], DonePart)
    assert (parts[-1].action, parts[-1].full_text) == ("shake", "It is here. Good bye.")
    assert motion.asked == [("happy", "smile"), ("neutral", None), ("neutral", "shake")]


def test_a_filler_shows_nothing_of_the_language_model(
    conversations: ConversationService, responder: BridgingResponder
) -> None:
    conversations.health.note_use(("llm",), ())
    parts = ask(conversations, responder, is_interrupted=True)
    assert [part.text for part in parts if isinstance(part, SentencePart)] == ["Hmm let me see"]
    assert conversations.health.current().works["llm"] is False
    ask(conversations, responder)
    assert conversations.health.current().works["llm"] is True


def test_a_model_that_writes_nothing_after_a_filler_has_failed(
    conversations: ConversationService, responder: BridgingResponder
) -> None:
    responder.slow.pieces = ()
    parts = ask(conversations, responder)
    assert isinstance(parts[-1], DonePart)
    assert parts[-1].degraded == ("llm",)
    assert conversations.health.current().works["llm"] is False
