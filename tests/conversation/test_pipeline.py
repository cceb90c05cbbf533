"""The specification's pipeline: frames in order, closed promptly."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import aclosing

import pytest

from lipsync.conversation.pipeline import ConversationPipeline
from lipsync.conversation.service import ConversationService
from lipsync.conversation.types import AvatarFrame, Pipeline
from lipsync.language_models.types import Message
from lipsync.settings import Settings
from tests.helpers.conversation import FakeModel, FakeResponder, fake_parts
from tests.helpers.fake_service import FakeService
from tests.helpers.run_async import run_async


@pytest.fixture
def responder() -> FakeResponder:
    return FakeResponder()


@pytest.fixture
def pipeline(settings: Settings, responder: FakeResponder) -> Iterator[ConversationPipeline]:
    service = FakeService(settings)
    conversations = ConversationService(settings, lambda: service, fake_parts(responder))
    yield ConversationPipeline(conversations)
    conversations.close()


def test_frames_are_in_the_order_of_the_sound(pipeline: Pipeline, responder: FakeResponder) -> None:
    history = [Message(role="user", content="Hi"), Message(role="assistant", content="Hello.")]

    async def run() -> list[AvatarFrame]:
        return [frame async for frame in pipeline.process("Is it Paris?", history)]

    frames = run_async(run())
    assert responder.asked == [(history, "Is it Paris?")]
    texts = [frame.text_chunk for frame in frames if frame.text_chunk]
    assert texts == ["I am glad to hear that!", "The answer is Paris."]
    sound = [frame for frame in frames if frame.audio_chunk]
    assert [frame.timestamp for frame in sound] == sorted(frame.timestamp for frame in sound)
    weights = [frame.timestamp for frame in frames if frame.blendshapes]
    assert weights == pytest.approx([number / 30 for number in range(len(weights))], abs=1e-5)
    assert [frame.timestamp for frame in frames if frame.motion] == sorted(
        frame.timestamp for frame in frames if frame.motion
    )


def test_closing_the_iterator_stops_the_model(pipeline: ConversationPipeline, responder: FakeResponder) -> None:
    responder.model = FakeModel("One sentence. ", *["And more. "] * 100, delay_s=0.01)

    async def run() -> None:
        async with aclosing(pipeline.process("Hello", ())) as frames:
            async for frame in frames:
                if frame.audio_chunk:
                    return

    run_async(run())
    assert responder.model.is_closed


def test_health_is_that_of_the_parts(pipeline: Pipeline) -> None:
    works = run_async(pipeline.health_check())
    assert works == {"llm": True, "tts": True, "lipsync": True, "motion": True, "stt": True}
