"""What gunicorn serves in the tests of live conversations: a model that says what the question says, and parts that
fail while a file of the fault's name lies in the folder ``faults`` of the state.

A question ``repeat: One. Two.`` is answered by ``One. Two.``; for every ``|`` in it the model waits for the file
``go`` in the folder of the outputs. Every other question is answered by ``Paris it is.``
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from lipsync.conversation.clause_speech import detect_moods
from lipsync.conversation.options import StageLimits
from lipsync.conversation.responder import Speaker
from lipsync.conversation.session import live_conversation
from lipsync.conversation.turns.options import TurnLimits
from lipsync.hearing.types import Transcript
from lipsync.language_models.types import GenerationOptions, Message
from lipsync.pipeline.live_parts import LiveParts
from lipsync.server.app import create_app
from lipsync.server.components import parts_of
from lipsync.server.routes import health_v1
from lipsync.settings import Settings
from lipsync.speech.live_speech import LiveSpeech
from lipsync.text.mood_spans import MoodSpan
from lipsync.text.script import Script
from tests.helpers.conversation import (
    FakeModel,
    FakeModelReply,
    FakeResponder,
    FakeTranscriber,
    StillAnimator,
    fake_parts,
)
from tests.helpers.fake_service import FakeService

settings = Settings(_env_file=None)
HANGS_S = 60.0


def has(fault: str) -> bool:
    """Whether the test wants this fault."""
    return (settings.state / "faults" / fault).exists()


def fail(fault: str) -> None:
    """Raise where the test wants this fault."""
    if has(fault):
        raise ZeroDivisionError(fault)


class ObedientModel(FakeModel):
    """Writes what the question says."""

    def __init__(self, question: str = "") -> None:
        super().__init__()
        self._question = question

    async def stream(
        self,
        messages: Sequence[Message],  # noqa: ARG002 - as every model
        options: GenerationOptions,  # noqa: ARG002
    ) -> AsyncGenerator[str, None]:
        fail("llm-raises")
        if has("llm-hangs"):
            await asyncio.sleep(HANGS_S)
        text = self._question.removeprefix("repeat: ") if self._question.startswith("repeat: ") else "Paris it is."
        for piece in text.split("|"):
            yield piece
            if has("llm-half"):
                raise ConnectionResetError
            while piece != text.rsplit("|", 1)[-1] and not (settings.outputs / "go").exists():
                await asyncio.sleep(0.01)

    async def health_check(self) -> bool:
        return not has("llm-raises")


class ObedientResponder(FakeResponder):
    """One persona, Ada, who speaks with espeak."""

    def __init__(self) -> None:
        super().__init__(ObedientModel())

    def speaker(self, persona: str | None) -> Speaker:
        return replace(super().speaker(persona), voice="espeak-female", greeting="Hello! I am Ada.")

    def reply(self, persona: str | None, history: Sequence[Message], question: str) -> FakeModelReply:  # noqa: ARG002
        fail("responder-raises")
        if question == "What did I say?":
            question = "repeat: " + " ".join(message.content for message in history if message.role == "user")
        return FakeModelReply(ObedientModel(question), None)


class FailingTranscriber(FakeTranscriber):
    """Hears the question in everything."""

    def transcribe(
        self,
        samples: NDArray[np.float32],
        language: str | None = None,
        *,
        timestamps: bool = False,
        threads: int | None = None,
    ) -> Transcript:
        fail("stt-raises")
        end = time.monotonic() + HANGS_S
        while has("stt-hangs") and time.monotonic() < end:
            time.sleep(0.02)
        return super().transcribe(samples, language, timestamps=timestamps, threads=threads)

    def health_check(self) -> bool:
        return not has("stt-raises")


class FailingLive(LiveParts):
    """The voice of the small service."""

    def open_speech(self, language: str, voice: str | None = None, *, speed: float = 1.0) -> LiveSpeech:
        fail("tts-raises")
        return super().open_speech(language, voice, speed=speed)


def moods(script: Script) -> tuple[MoodSpan, ...]:
    """The moods of a sentence."""
    fail("mood-raises")
    return detect_moods(script)


def draw() -> None:
    """Called before each frame of a video."""
    fail("video-raises")


class FailingService(FakeService):
    """The small service."""

    @property
    def ready(self) -> bool:
        return not has("service-loads")

    @ready.setter
    def ready(self, loaded: bool) -> None:
        pass


service = FailingService(settings)
_open: Callable[..., StillAnimator] = lambda _parsed: StillAnimator(before_frame=draw)  # noqa: E731
service.live = FailingLive(service._voices, service.parse, _open)
parts = replace(fake_parts(ObedientResponder(), FailingTranscriber()), moods=moods)
app = create_app(settings, service, parts)
health_v1._FRESH_S = 0.1
live_conversation.TurnLimits = partial(TurnLimits, max_transcription_s=1.0)  # type: ignore[assignment, misc]
parts_of(app).talk.limits = StageLimits(first_token_s=1.0, health_s=1.0)
