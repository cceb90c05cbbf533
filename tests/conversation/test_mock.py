"""Conversations of the mock: what a person who builds a page sees without any model."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import numpy as np
import pytest

from lipsync.conversation.assemble import conversation_parts
from lipsync.conversation.mock import FAIL, LONG, SLOW, MockReply
from lipsync.conversation.options import AnswerOptions
from lipsync.conversation.parts import AnswerPart, DonePart, SentencePart, SoundPart
from lipsync.conversation.personas.load import load_personas
from lipsync.conversation.service import ConversationService
from lipsync.hearing.types import RATE
from lipsync.settings import Settings
from tests.helpers.fake_service import FakeService
from tests.helpers.virtual_time import run_virtually


@pytest.fixture
def conversations(settings: Settings) -> Iterator[ConversationService]:
    mock = settings.model_copy(update={"mock": True})
    service = FakeService(mock)
    made = ConversationService(mock, lambda: service, conversation_parts(mock, load_personas(None, "ada")))
    yield made
    made.close()


def answer(conversations: ConversationService, question: str, persona: str = "ada") -> list[AnswerPart]:
    options = AnswerOptions(video=False)
    return list(conversations.loop.iterate(conversations.answer(question, persona=persona, options=options)))


def done(parts: list[AnswerPart]) -> DonePart:
    (last,) = (part for part in parts if isinstance(part, DonePart))
    return last


def test_it_repeats_the_question_aloud_and_nods(conversations: ConversationService) -> None:
    parts = answer(conversations, "Where is the key?")
    assert done(parts).full_text.startswith("You said: “Where is the key?”")
    assert done(parts).degraded == ()
    assert "nod" in {part.action for part in parts if isinstance(part, SentencePart)}
    assert sum(part.duration for part in parts if isinstance(part, SoundPart)) == pytest.approx(
        done(parts).total_duration, abs=0.1
    )


@pytest.mark.parametrize(("persona", "first"), [("lev", "Вы сказали"), ("taras", "Ви сказали")])
def test_each_persona_speaks_its_language(conversations: ConversationService, persona: str, first: str) -> None:
    assert done(answer(conversations, "123", persona)).full_text.startswith(first)


def test_a_model_that_fails(conversations: ConversationService) -> None:
    last = done(answer(conversations, FAIL))
    assert last.degraded == ("llm",)
    assert last.full_text, "the persona apologizes"


def test_a_late_and_a_long_reply() -> None:
    async def read(question: str) -> tuple[float, str]:
        loop = asyncio.get_running_loop()
        began, first, text = loop.time(), None, ""
        async for piece in MockReply(question, "en").pieces():
            first = loop.time() - began if first is None else first
            text += piece
        assert first is not None
        return first, text

    late, _ = run_virtually(read(SLOW))
    soon, text = run_virtually(read(LONG))
    assert late > 2
    assert soon < 0.1
    assert text.count("This is sentence") == 20


def test_any_sound_is_the_same_question(conversations: ConversationService) -> None:
    heard = conversations.transcribe(np.zeros(RATE, np.float32), "ru")
    assert (heard.text, heard.language, heard.duration) == ("Какая столица у Франции?", "ru", 1.0)


def test_health_is_good(conversations: ConversationService) -> None:
    assert conversations.loop.run(conversations.responder.health_check())
    assert conversations.transcriber.health_check()
