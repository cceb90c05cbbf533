"""Conversations as a whole, of fakes, with a real voice."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Iterator
from dataclasses import replace
from typing import TypeVar

import numpy as np
import pytest

from lipsync.conversation.options import AnswerOptions, StageLimits
from lipsync.conversation.parts import AnswerPart, DonePart, SentencePart, SoundPart, VideoHeader, VideoPart
from lipsync.conversation.service import ConversationParts, ConversationService
from lipsync.errors import LipsyncError
from lipsync.pipeline.errors import NotReadyError
from lipsync.settings import Settings
from tests.helpers.conversation import FakeModel, FakeResponder, FakeTranscriber, fake_parts
from tests.helpers.fake_service import FakeService

Part = TypeVar("Part")


@pytest.fixture
def responder() -> FakeResponder:
    return FakeResponder(stored={"Who are you?": "I am a computer program. I am called Ada."})


@pytest.fixture
def conversations(settings: Settings, responder: FakeResponder) -> Iterator[ConversationService]:
    service = FakeService(settings)
    made = ConversationService(settings, lambda: service, fake_parts(responder))
    yield made
    made.close()


def read(conversations: ConversationService, parts: AsyncGenerator[AnswerPart, None]) -> list[AnswerPart]:
    return list(conversations.loop.iterate(parts))


def of(kind: type[Part], parts: list[AnswerPart]) -> list[Part]:
    return [part for part in parts if isinstance(part, kind)]


def done(parts: list[AnswerPart]) -> DonePart:
    assert isinstance(parts[-1], DonePart)
    return parts[-1]


def film(parts: list[AnswerPart]) -> bytes:
    return b"".join(part.data for part in parts if isinstance(part, VideoHeader | VideoPart))


def test_a_question_is_answered(conversations: ConversationService, responder: FakeResponder) -> None:
    parts = read(conversations, conversations.answer("What is the capital of France?"))
    assert done(parts).full_text == "I am glad to hear that! The answer is Paris."
    assert done(parts).degraded == ()
    assert responder.asked == [((), "What is the capital of France?")]


def test_an_unknown_persona_is_an_error_at_once(conversations: ConversationService) -> None:
    with pytest.raises(LipsyncError):
        conversations.answer("Hello", persona="nobody")


def test_while_the_service_loads_nothing_is_answered(settings: Settings) -> None:
    def loading() -> FakeService:
        raise NotReadyError("not_ready")

    conversations = ConversationService(settings, loading, fake_parts())
    with pytest.raises(NotReadyError):
        conversations.answer("Hello")
    conversations.close()


def test_a_phrase_of_the_persona_is_drawn_once(conversations: ConversationService) -> None:
    options = AnswerOptions(video=True, motion=False)
    films = [film(read(conversations, conversations.say("Hello! I am Ada.", options=options))) for _ in range(2)]
    assert films[0] == films[1]
    assert len(films[0]) > 1000
    assert _count(conversations) == 1
    read(conversations, conversations.say("Something else.", options=options))
    assert _count(conversations) == 1


def test_prepared_phrases_are_sent_whole_also_at_overload(
    conversations: ConversationService, responder: FakeResponder
) -> None:
    conversations.loop.run(conversations.prepare(video=True))
    assert _count(conversations) == 1
    options = AnswerOptions(video=True, motion=False)
    whole = film(read(conversations, conversations.say("Hello! I am Ada.", options=options)))
    conversations.overload.drawn(1.0, 10.0)
    assert film(read(conversations, conversations.say("Hello! I am Ada.", options=options))) == whole
    assert responder.preloaded == [None]


def test_a_stored_reply_is_drawn_once(conversations: ConversationService) -> None:
    options = AnswerOptions(video=True, motion=False)
    answers = [read(conversations, conversations.answer("Who are you?", options=options)) for _ in range(2)]
    assert film(answers[0]) == film(answers[1])
    assert [part.text for part in of(SentencePart, answers[1])] == ["I am a computer program.", "I am called Ada."]
    assert of(SoundPart, answers[1]) == of(SoundPart, answers[0])


def test_at_overload_an_answer_gives_up_more_and_more_of_its_picture(conversations: ConversationService) -> None:
    options = AnswerOptions(video=True, motion=False)
    seen = []
    for _ in range(4):
        parts = read(conversations, conversations.answer("Hello", options=options))
        seen.append((done(parts).degraded, bool(film(parts))))
        for _ in range(2):  # as slow as the fakes are not
            conversations.overload.drawn(1.0, 10.0)
    assert seen[0] == ((), True)
    assert seen[1] == (("size",), True)
    assert seen[2:] == [(("video",), False)] * 2


def _count(conversations: ConversationService) -> int:
    return len(list((conversations.settings.cache / "phrases").glob("*.npz")))


def test_two_conversations_at_once_share_no_word(settings: Settings) -> None:
    words = {"a": "Apples are red. " * 6, "b": "Bananas are yellow. " * 6}
    found: dict[str, list[AnswerPart]] = {}
    service = FakeService(settings)
    both = [
        (name, ConversationService(settings, lambda: service, fake_parts(FakeResponder(FakeModel(*text.split(" "))))))
        for name, text in ((name, text.replace(" ", "  ")) for name, text in words.items())
    ]
    shared = both[0][1]

    def run(name: str, conversations: ConversationService) -> None:
        found[name] = read(shared, conversations.answer("?"))

    threads = [threading.Thread(target=run, args=one) for one in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert set("".join(s.text for s in of(SentencePart, found["a"])).split()).isdisjoint({"Bananas", "yellow."})
    assert set("".join(s.text for s in of(SentencePart, found["b"])).split()).isdisjoint({"Apples", "red."})
    for _, conversations in both:
        conversations.close()


def test_health_names_each_part(settings: Settings) -> None:
    service = FakeService(settings)
    responder = FakeResponder(FakeModel(error=RuntimeError("down")))
    conversations = ConversationService(settings, lambda: service, fake_parts(responder, FakeTranscriber("")))
    works = conversations.loop.run(conversations.health_check())
    assert works == {"llm": False, "tts": True, "lipsync": True, "motion": True, "stt": False}
    conversations.close()


def test_a_part_that_cannot_be_created_leaves_the_others(settings: Settings) -> None:
    def missing() -> object:
        raise LipsyncError("internal", request="-")

    fakes = fake_parts()
    parts = ConversationParts(fakes.responder, fakes.reply_text, missing, missing)  # type: ignore[arg-type]
    service = FakeService(settings)
    conversations = ConversationService(settings, lambda: service, parts)
    answer = done(read(conversations, conversations.answer("Hello")))
    assert answer.degraded == ("motion",)
    works = conversations.loop.run(conversations.health_check())
    assert works == {"llm": True, "tts": True, "lipsync": True, "motion": False, "stt": False}
    conversations.close()


def test_recognition_that_hangs_is_given_up(settings: Settings) -> None:
    service, transcriber = FakeService(settings), FakeTranscriber()
    transcriber.gate.clear()
    conversations = ConversationService(settings, lambda: service, fake_parts(transcriber=transcriber))
    conversations.limits = StageLimits(hearing_s=0.05)
    with pytest.raises(TimeoutError):
        conversations.loop.run(conversations.hear(np.zeros(16000, np.float32)))
    transcriber.gate.set()
    conversations.close()


def test_the_end_stops_answers_and_leaves_no_thread(settings: Settings) -> None:
    before = set(threading.enumerate())
    service = FakeService(settings)
    responder = FakeResponder(FakeModel("Never ", "ending.", delay_s=60))
    conversations = ConversationService(settings, lambda: service, fake_parts(responder))
    parts = conversations.loop.submit(anext(conversations.answer("Hello")))
    conversations.loop.run(asyncio.sleep(0.05))
    conversations.close()
    assert parts.cancelled() or parts.exception() is not None
    assert responder.is_closed
    assert not [thread for thread in set(threading.enumerate()) - before if thread.name.startswith(("talk", "conv"))]


def test_the_recognizer_is_loaded_before_somebody_speaks(settings: Settings) -> None:
    loaded: list[str] = []
    service = FakeService(settings)
    parts = replace(fake_parts(), load_transcriber=loaded.append)
    conversations = ConversationService(settings, lambda: service, parts)
    conversations.load_recognizer("ru")
    conversations.close()
    assert loaded == ["ru"]
