"""The responder of conversations: the personas of this server, and its language models."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Sequence

from lipsync.conversation.personas.load import Personas
from lipsync.conversation.personas.persona import Persona
from lipsync.conversation.personas.speaker import speaker_of
from lipsync.conversation.responder import Speaker
from lipsync.errors import LipsyncError
from lipsync.language_models.chain import ModelChain, ModelReply
from lipsync.language_models.models import LanguageModels, generation_options
from lipsync.language_models.types import Message
from lipsync.settings import Settings

log = logging.getLogger(__name__)


class PersonaResponder:
    """A :class:`lipsync.conversation.responder.Responder`. The first question connects to models, or loads them."""

    def __init__(self, settings: Settings, personas: Personas) -> None:
        self._personas = personas
        self._options = generation_options(settings)
        self._models: LanguageModels | None = None
        try:
            self._models = LanguageModels(settings)
        except LipsyncError as error:  # an extra that is missing: the stored replies answer
            log.warning("no language model is used: %s", error)

    def speaker(self, persona: str | None) -> Speaker:
        """How the persona speaks. Raises PersonaError unknown_persona."""
        return speaker_of(self._personas.find(persona))

    def reply(self, persona: str | None, history: Sequence[Message], question: str) -> PersonaReply:
        """The reply to ``question``; the first model that works writes it. Raises PersonaError unknown_persona."""
        found = self._personas.find(persona)
        messages = [
            Message(role="system", content=found.prompt),
            *history,
            Message(role="user", content=question),
        ]
        return PersonaReply(self._chain(found).reply(messages, self._options), found, has_failed=self._models is None)

    async def preload(self, persona: str | None) -> None:
        """Load what replies for the persona."""
        found = self._personas.find(persona)
        if self._models is not None:
            await self._models.preload(found.language, found.prompt)

    async def health_check(self) -> bool:
        """Whether the preferred language model of the default persona works."""
        return self._models is not None and await self._chain(self._personas.find()).health_check()

    async def close(self) -> None:
        """End connections and child processes."""
        if self._models is not None:
            await self._models.close()

    def _chain(self, persona: Persona) -> ModelChain:
        if self._models is None:
            return ModelChain((), persona.stored, persona.language, persona.sentences)
        return self._models.chain(persona.language, persona.stored, persona.sentences)


class PersonaReply:
    """A reply of one of the models: a :class:`lipsync.conversation.responder.Reply`."""

    def __init__(self, reply: ModelReply, persona: Persona, *, has_failed: bool) -> None:
        self._reply, self._persona, self._has_failed = reply, persona, has_failed
        self._first = ""

    async def pieces(self) -> AsyncGenerator[str, None]:
        """The text in pieces."""
        async with self._reply as reply:
            async for piece in reply:
                self._first = self._first or piece
                yield piece

    def phrase(self) -> str | None:
        """The stored reply, which comes in one piece."""
        return self._first if self._reply.model == self._persona.stored.name else None

    def failed(self) -> Sequence[str]:
        """``llm`` where a model failed."""
        return ("llm",) if self._has_failed else self._reply.degraded
