"""Conversations without models, for people who build a page: fixed replies to any question, fixed transcripts of any
sound. Voice, face, live video and the calls are real."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence

import numpy as np
from numpy.typing import NDArray

from lipsync.conversation.personas.load import Personas
from lipsync.conversation.personas.speaker import speaker_of
from lipsync.conversation.responder import Speaker
from lipsync.hearing.types import RATE, Transcript
from lipsync.language_models.errors import LanguageModelError
from lipsync.language_models.types import Message as ChatMessage
from lipsync.messages import Message

SLOW, FAIL, LONG = "/slow", "/fail", "/long"
"""Questions that are answered late, by a model that fails, and at length."""
_WORD_S = 0.025
"""Seconds a word: about the speed of a small model on a GPU."""
_SLOW_S = 3.0
"""Seconds before the first word of a late reply: a persona's filler sounds meanwhile."""
_LONG_SENTENCES = 20


class MockResponder:
    """A :class:`lipsync.conversation.responder.Responder` that repeats the question."""

    def __init__(self, personas: Personas) -> None:
        self._personas = personas

    def speaker(self, persona: str | None) -> Speaker:
        """How the persona speaks. Raises PersonaError unknown_persona."""
        return speaker_of(self._personas.find(persona))

    def reply(self, persona: str | None, history: Sequence[ChatMessage], question: str) -> MockReply:  # noqa: ARG002
        """The reply to ``question``. Raises PersonaError unknown_persona."""
        return MockReply(question.strip(), self._personas.find(persona).language)

    async def preload(self, persona: str | None) -> None:
        """Nothing has to be loaded."""

    async def health_check(self) -> bool:
        """It always works."""
        return True

    async def close(self) -> None:
        """Nothing is open."""


class MockReply:
    """A reply that comes word by word: a :class:`lipsync.conversation.responder.Reply`."""

    def __init__(self, question: str, language: str) -> None:
        self._question, self._language = question, language

    async def pieces(self) -> AsyncGenerator[str, None]:
        """The text in words. Raises LanguageModelError for FAIL."""
        if self._question == FAIL:
            raise LanguageModelError("llm_broke_off", model="mock")
        if self._question == SLOW:
            await asyncio.sleep(_SLOW_S)
        for word in self._text().split(" "):
            await asyncio.sleep(_WORD_S)
            yield f"{word} "

    def phrase(self) -> str | None:
        """It is not a phrase."""
        return None

    def failed(self) -> Sequence[str]:
        """Nothing fails that another model could mend."""
        return ()

    def _text(self) -> str:
        if self._question == LONG:
            sentences = (Message("mock.sentence", number=number) for number in range(1, _LONG_SENTENCES + 1))
            return " ".join(sentence.text(self._language) for sentence in sentences)
        return Message("mock.reply", question=self._question).text(self._language)


class MockTranscriber:
    """A :class:`lipsync.hearing.types.Transcriber` that hears the same question in any sound."""

    name = "mock"

    def transcribe(
        self,
        samples: NDArray[np.float32],
        language: str | None = None,
        *,
        timestamps: bool = False,  # noqa: ARG002 - as every transcriber
        threads: int | None = None,  # noqa: ARG002
    ) -> Transcript:
        """The question, as if it had been said in (n,) float32 ``samples``, RATE a second."""
        language = language or "en"
        return Transcript(Message("mock.heard").text(language), language, len(samples) / RATE)

    def health_check(self) -> bool:
        """It always works."""
        return True
