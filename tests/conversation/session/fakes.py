"""Fake parts of a live conversation: answers of words that last a third of a second, a voice, a recognizer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lipsync.animation.blendshapes import BlendshapeFrame
from lipsync.audio.segment import SEGMENT_RATE
from lipsync.conversation.parts import (
    AnswerPart,
    AnswerWord,
    BlendshapePart,
    DonePart,
    SentencePart,
    SoundPart,
    VideoHeader,
    VideoPart,
)
from lipsync.conversation.protocol.client_messages import Start
from lipsync.conversation.protocol.server_messages import ErrorMessage, PartInUse, Ready
from lipsync.conversation.session.connection import SessionConnection
from lipsync.conversation.session.limits import SessionLimits
from lipsync.conversation.session.listening import Listening
from lipsync.conversation.session.outbox import Outbox
from lipsync.conversation.session.session import Session
from lipsync.conversation.session.session_parts import SessionParts
from lipsync.conversation.turns.actions import FallbackReason
from lipsync.conversation.turns.machine import TurnMachine
from lipsync.conversation.turns.options import TurnLimits, TurnOptions
from lipsync.hearing.types import RATE, WINDOW, Transcript
from tests.helpers.virtual_time import InlineExecutor

WORD_S = 0.3
PIECE_S = 0.25
VOICE, QUIET = 0.5, 0.0
"""Amplitudes of the microphone: the fake detector takes a loud window for a voice."""


class LoudnessDetector:
    """A window of a voice is loud."""

    def __init__(self) -> None:
        self._rest: NDArray[np.float32] = np.zeros(0, np.float32)

    def probabilities(self, samples: NDArray[np.float32]) -> Iterator[float]:
        self._rest = np.concatenate([self._rest, samples])
        while len(self._rest) >= WINDOW:
            window, self._rest = self._rest[:WINDOW], self._rest[WINDOW:]
            yield float(np.abs(window).max() > 0.1)


@dataclass
class FakeAnswers:
    """Answers by a text of sentences; the model takes ``thinks_s`` a sentence."""

    text: str = "One two three four. Five six seven eight. Nine ten eleven twelve."
    thinks_s: float = 0.2
    asked: list[str] = field(default_factory=list)
    open: int = 0
    """Answers that are being made."""

    def reply(
        self,
        number: int,
        question: str,
        language: str | None,  # noqa: ARG002
        start: Start,
        turn_ended: Future[None],  # noqa: ARG002
    ) -> AsyncGenerator[AnswerPart, None]:
        self.asked.append(question)

        async def sentences() -> AsyncGenerator[str, None]:
            for sentence in self.text.split(". "):
                await asyncio.sleep(self.thinks_s)
                yield f"{sentence.rstrip('.')}. "

        return self._parts(number, sentences(), start)

    def say(
        self,
        number: int,
        text: str | AsyncGenerator[str, None],
        start: Start,
        failed: Sequence[str] = (),  # noqa: ARG002
    ) -> AsyncGenerator[AnswerPart, None]:
        return self._parts(number, _once(text) if isinstance(text, str) else text, start)

    def apology(self, reason: FallbackReason) -> str:
        return f"Sorry: {reason}."

    async def _parts(
        self, number: int, text: AsyncGenerator[str, None], start: Start
    ) -> AsyncGenerator[AnswerPart, None]:
        self.open += 1
        now, spoken = 0.0, []
        try:
            if start.want.video != "none":
                yield VideoHeader(number, "video/mp4", b"header")
            index = 0
            async for sentence in text:
                words = sentence.split()
                end = now + WORD_S * len(words)
                times = [AnswerWord(word, now + WORD_S * k, now + WORD_S * (k + 1)) for k, word in enumerate(words)]
                yield SentencePart(number, index, sentence.strip(), now, end, "neutral", tuple(times))
                index += 1
                spoken.append(sentence.strip())
                while now < end - 1e-9:
                    piece = min(PIECE_S, end - now)
                    yield SoundPart(number, now, piece, bytes([number % 256]) * (2 * round(piece * SEGMENT_RATE)))
                    frames = [BlendshapeFrame(timestamp=round(now + k / 30, 4), weights={}) for k in range(7)]
                    yield BlendshapePart(number, now, tuple(frames))
                    if start.want.video != "none":
                        yield VideoPart(number, now, now + piece, b"video")
                    now += piece
            yield DonePart(number, " ".join(spoken), now)
        finally:
            await text.aclose()
            self.open -= 1


@dataclass
class FakeTranscriber:
    """Hears ``text`` in everything."""

    name: str = "fake"
    text: str = "What is the capital of France?"
    error: Exception | None = None
    lengths: list[float] = field(default_factory=list)

    def transcribe(
        self,
        samples: NDArray[np.float32],
        language: str | None = None,
        *,
        timestamps: bool = False,  # noqa: ARG002
    ) -> Transcript:
        self.lengths.append(len(samples) / RATE)
        if self.error is not None:
            raise self.error
        return Transcript(self.text, language or "en", len(samples) / RATE)

    def health_check(self) -> bool:
        return True


class ShortSilence:
    """A turn ends after 0.5 s."""

    def required_silence(self, text: str, language: str) -> float:  # noqa: ARG002
        return 0.5


@dataclass
class FakeHistory:
    """Keeps what was said."""

    entries: list[tuple[str, str]] = field(default_factory=list)

    def ask(self, question: str) -> None:
        self.entries.append(("user", question))

    def retract(self) -> None:
        assert self.entries.pop()[0] == "user"

    def answer(self, text: str, *, interrupted: bool) -> None:
        self.entries.append(("interrupted" if interrupted else "assistant", text))


class FakeSocket:
    """A client in memory: ``received`` is what it got, with the time."""

    def __init__(self) -> None:
        self.incoming: asyncio.Queue[str | bytes | None] = asyncio.Queue()
        self.received: list[tuple[float, Any]] = []

    async def receive(self) -> str | bytes | None:
        return await self.incoming.get()

    async def send_text(self, text: str) -> None:
        self.received.append((asyncio.get_running_loop().time(), json.loads(text)))

    async def send_bytes(self, data: bytes) -> None:
        self.received.append((asyncio.get_running_loop().time(), data))

    async def close(self, code: int) -> None:
        raise AssertionError(code)

    def send(self, **message: Any) -> None:
        """The client sends JSON."""
        self.incoming.put_nowait(json.dumps(message))

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The messages of one type."""
        return [message for _, message in self.received if isinstance(message, dict) and message["type"] == kind]

    def times(self, kind: str) -> list[float]:
        """When they came."""
        return [time for time, message in self.received if isinstance(message, dict) and message["type"] == kind]

    async def speak(self, seconds: float, amplitude: float) -> None:
        """The microphone sends sound of an amplitude, in real time."""
        random = np.random.default_rng(1)
        for _ in range(round(seconds / 0.032)):
            sound = np.asarray(random.uniform(-1, 1, WINDOW) * amplitude * 32767, "<i2")  # no hum
            self.incoming.put_nowait(bytes([1]) + bytes(15) + sound.tobytes())
            await asyncio.sleep(0.032)


class Scene:
    """One conversation with fake parts: a context manager that runs it."""

    def __init__(self, limits: SessionLimits | None = None, turn_limits: TurnLimits | None = None) -> None:
        self.socket, self.answers, self.history = FakeSocket(), FakeAnswers(), FakeHistory()
        self.transcriber = FakeTranscriber()
        self.problem: ErrorMessage | None = None
        self.count: Callable[[], object] = lambda: None
        """Called for each question."""
        self.stopping = asyncio.Event()
        self.code: int | None = None
        self._limits, self._turn_limits = limits or SessionLimits(), turn_limits or TurnLimits()

    async def __aenter__(self) -> Scene:
        now = asyncio.get_running_loop().time()
        machine = TurnMachine(ShortSilence(), TurnOptions(), self._turn_limits, now=now)
        listening, outbox = Listening(LoudnessDetector), Outbox(self.socket)
        parts = SessionParts(
            self.answers, self.history, listening, self.transcriber.transcribe, InlineExecutor(), self._spend
        )
        self.session = Session(parts, machine, outbox)
        connection = SessionConnection(
            self.socket,
            self.session,
            machine,
            outbox,
            listening,
            self._open,
            lambda text, _max_length: text.strip(),
            self._limits,
        )
        self._task = asyncio.create_task(connection.run(self.stopping))
        return self

    async def __aexit__(self, *error: object) -> None:
        self.socket.incoming.put_nowait(None)
        with suppress(asyncio.CancelledError):
            self.code = await self._task
        if error[0] is None:
            assert self.answers.open == 0, "an answer is still being made"

    def _spend(self) -> ErrorMessage | None:
        self.count()
        return self.problem

    async def _open(self, start: Start) -> tuple[Ready, str]:
        ready = Ready(
            session="s1",
            conversation="c1",
            persona=start.persona or "ada",
            language=start.language or "en",
            notice="A computer program answers.",
            parts={"llm": PartInUse(name="fake")},
            limits={},
        )
        return ready, "Hello there."


async def _once(text: str) -> AsyncGenerator[str, None]:
    yield text
