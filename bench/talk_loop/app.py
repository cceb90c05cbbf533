"""What gunicorn serves in the loop: all is real but the language model and the ears.

The model says what the question says; RECALL is answered with the questions before.
"""

from __future__ import annotations

import random
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bench.talk_loop.words import RECALL, conversation_of, question_text
from lipsync.conversation.assemble import conversation_parts
from lipsync.conversation.personas.load import load_personas
from lipsync.conversation.responder import Speaker
from lipsync.hearing.types import RATE, Transcript
from lipsync.language_models.types import Message
from lipsync.server.app import create_app
from lipsync.settings import Settings

_RECALLED = 3
"""Questions that are repeated."""


class EchoReply:
    """A reply that is written word by word."""

    def __init__(self, text: str) -> None:
        self._text = text

    async def pieces(self) -> AsyncGenerator[str, None]:
        """The text."""
        for word in self._text.split(" "):
            yield f"{word} "

    def phrase(self) -> str | None:
        """It is not a phrase."""
        return None

    def failed(self) -> Sequence[str]:
        """Nothing fails."""
        return ()


class EchoResponder:
    """A :class:`lipsync.conversation.responder.Responder` without a language model."""

    def speaker(self, persona: str | None) -> Speaker:  # noqa: ARG002 - as every responder
        return Speaker("ada", "en", avatar="hopper", greeting="Hello!", phrases=("Hello!",))

    def reply(self, persona: str | None, history: Sequence[Message], question: str) -> EchoReply:  # noqa: ARG002
        if question == RECALL:
            asked = [message.content for message in history if message.role == "user" and message.content != RECALL]
            return EchoReply(" ".join(asked[-_RECALLED:]) or "Nothing.")
        return EchoReply(question)

    async def preload(self, persona: str | None) -> None:
        pass

    async def health_check(self) -> bool:
        return True

    async def close(self) -> None:
        pass


class PilotEars:
    """A :class:`lipsync.hearing.types.Transcriber` that hears the words of the conversation that a sound is from."""

    name = "pilot"

    def transcribe(
        self,
        samples: NDArray[np.float32],
        language: str | None = None,
        *,
        timestamps: bool = False,  # noqa: ARG002 - as every transcriber
        threads: int | None = None,  # noqa: ARG002
    ) -> Transcript:
        text = question_text(conversation_of(samples), random.Random())
        return Transcript(text, language or "en", len(samples) / RATE)

    def health_check(self) -> bool:
        return True


settings = Settings(_env_file=None)
parts = replace(
    conversation_parts(settings, load_personas(None, "ada")),
    responder=EchoResponder,
    transcriber=PilotEars,
    load_transcriber=lambda _language: None,
)
app = create_app(settings, conversation=parts)
