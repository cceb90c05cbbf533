"""Small stand-ins for the parts of a conversation: a model that says what it is told, a portrait that is one grey
picture."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing

import numpy as np
from numpy.typing import NDArray

from lipsync.animation.body_motion.types import MotionGenerator, MotionKeyframe, MotionKeyframes
from lipsync.animation.types import FaceTrack
from lipsync.audio.segment import SEGMENT_RATE
from lipsync.conversation.reply_text import ReplyClause
from lipsync.conversation.responder import Speaker
from lipsync.conversation.service import ConversationParts
from lipsync.errors import LipsyncError
from lipsync.hearing.types import RATE, Transcript
from lipsync.language_models.types import GenerationOptions, LLMResponse, Message
from lipsync.speech.types import Phone, Speech
from lipsync.text.mood import Mood
from lipsync.video.frame import Frame, frame_of

WORD_S, PAUSE_S = 0.3, 0.2
"""Seconds of a word of the fake voice, and of its silence at the end."""


class FakeModel:
    """A LanguageModel that writes ``pieces``; ``error`` is raised after them."""

    name = "fake"

    def __init__(self, *pieces: str, error: Exception | None = None, delay_s: float = 0.0) -> None:
        self.pieces, self.error, self.delay_s = pieces, error, delay_s
        self.asked: list[Sequence[Message]] = []
        self.is_closed = False

    async def generate(self, messages: Sequence[Message], options: GenerationOptions) -> LLMResponse:
        text = "".join([piece async for piece in self.stream(messages, options)])
        return LLMResponse(text=text, action=None, tokens_count=len(self.pieces), generation_time=0.0)

    async def stream(
        self,
        messages: Sequence[Message],
        options: GenerationOptions,  # noqa: ARG002 - as every model
    ) -> AsyncGenerator[str, None]:
        self.asked.append(messages)
        try:
            for piece in self.pieces:
                await asyncio.sleep(self.delay_s)
                yield piece
            if self.error is not None:
                raise self.error
        finally:
            self.is_closed = True

    async def health_check(self) -> bool:
        return self.error is None


class FakeVoice:
    """A LiveSpeech whose words last WORD_S each; the samples of each part are a number of their own."""

    fallbacks: tuple[str, ...] = ()

    def __init__(self) -> None:
        self.texts: list[str] = []

    def add(self, text: str) -> Iterator[Speech]:
        self.texts.append(text)
        samples = np.full(round(len(text.split()) * WORD_S * SEGMENT_RATE), len(self.texts) / 100, np.float32)
        phones = (Phone("a", 0.0, len(samples) / SEGMENT_RATE),)
        yield Speech(samples, SEGMENT_RATE, phones, text, "en")

    def finish(self) -> Speech:
        return Speech(np.zeros(round(PAUSE_S * SEGMENT_RATE), np.float32), SEGMENT_RATE)


class FakeReply:
    """A ReplyText: sentences, without anything in brackets."""

    action: str | None = None

    def __init__(self) -> None:
        self._rest = ""

    def add(self, piece: str) -> Iterable[ReplyClause]:
        self._rest += piece
        *whole, self._rest = re.split(r"(?<=[.!?])\s+", self._rest)
        return [ReplyClause(sentence) for sentence in whole]

    def finish(self) -> Iterable[ReplyClause]:
        rest, self._rest = self._rest, ""
        return [ReplyClause(rest)] if rest else []


class FakeMotion:
    """A MotionGenerator with one motion; it remembers what it was asked for."""

    name = "fake"

    def __init__(self) -> None:
        self.asked: list[tuple[Mood, str | None]] = []

    def motion(self, emotion: Mood, duration: float, action_hint: str | None = None) -> MotionKeyframes:
        self.asked.append((emotion, action_hint))
        return MotionKeyframes(action="idle", keyframes=(MotionKeyframe(timestamp=0),), duration=duration)

    def available_actions(self) -> tuple[str, ...]:
        return ("idle",)


class StillAnimator:
    """An Animator whose frames are one grey picture; ``before_frame`` is called for each. It keeps the tracks."""

    size = (96, 128)

    def __init__(self, name: str = "puppet", before_frame: Callable[[], None] = lambda: None) -> None:
        self.name, self._before_frame = name, before_frame
        self.drawn = 0
        self.tracks: list[FaceTrack] = []

    def openings(self, track: FaceTrack) -> NDArray[np.float32]:
        return np.zeros(len(track), np.float32)

    def perform(self, fps: int) -> StillAnimator:  # noqa: ARG002 - as every animator
        return self

    def add(self, speech: Speech, track: FaceTrack, *, last: bool) -> Iterator[Frame]:  # noqa: ARG002
        self.tracks.append(track)
        for _ in range(len(track)):
            self._before_frame()
            self.drawn += 1
            yield frame_of(np.full((self.size[1], self.size[0], 3), 40 + self.drawn % 160, np.uint8))


class FakeResponder:
    """A Responder with one persona, Ada, whose model is ``model``; ``stored`` replies are fixed phrases."""

    def __init__(self, model: FakeModel | None = None, stored: Mapping[str, str] | None = None) -> None:
        self.model = model or FakeModel("I am glad to ", "hear that! The answer ", "is Paris.")
        self.stored = dict(stored or {})
        self.asked: list[tuple[Sequence[Message], str]] = []
        self.preloaded: list[str | None] = []
        self.is_closed = False

    def speaker(self, persona: str | None) -> Speaker:
        if persona not in (None, "ada"):
            raise LipsyncError("unknown_avatar", avatar=persona, known="ada")
        return Speaker("ada", "en", phrases=("Hello! I am Ada.",))

    def reply(self, persona: str | None, history: Sequence[Message], question: str) -> FakeModelReply:  # noqa: ARG002
        self.asked.append((history, question))
        return FakeModelReply(self.model, self.stored.get(question))

    async def preload(self, persona: str | None) -> None:
        self.preloaded.append(persona)

    async def health_check(self) -> bool:
        return await self.model.health_check()

    async def close(self) -> None:
        self.is_closed = True


class FakeModelReply:
    """A Reply of a FakeModel, or a stored one."""

    def __init__(self, model: FakeModel, stored: str | None) -> None:
        self._model, self._stored = model, stored

    async def pieces(self) -> AsyncGenerator[str, None]:
        if self._stored is not None:
            yield self._stored
            return
        async with aclosing(self._model.stream((), GenerationOptions())) as pieces:
            async for piece in pieces:
                yield piece

    def phrase(self) -> str | None:
        return self._stored

    def failed(self) -> Sequence[str]:
        return ()


class FakeTranscriber:
    """A Transcriber that always hears ``text``."""

    name = "fake"

    def __init__(self, text: str = "What is the capital of France?") -> None:
        self.text = text
        self.heard: list[tuple[int, str | None]] = []
        self.gate = threading.Event()
        """A recognition ends only when this is set."""
        self.gate.set()

    def transcribe(
        self,
        samples: NDArray[np.float32],
        language: str | None = None,
        *,
        timestamps: bool = False,  # noqa: ARG002 - as every transcriber
        threads: int | None = None,  # noqa: ARG002
    ) -> Transcript:
        self.heard.append((len(samples), language))
        self.gate.wait(10)
        return Transcript(self.text, language or "en", len(samples) / RATE)

    def health_check(self) -> bool:
        return bool(self.text)


def fake_parts(
    responder: FakeResponder | None = None,
    transcriber: FakeTranscriber | None = None,
    motion: MotionGenerator | None = None,
) -> ConversationParts:
    """Parts of a conversation that need nothing."""
    responder, transcriber, motion = (
        responder or FakeResponder(),
        transcriber or FakeTranscriber(),
        motion or FakeMotion(),
    )
    return ConversationParts(lambda: responder, lambda _language: FakeReply(), lambda: transcriber, lambda: motion)
