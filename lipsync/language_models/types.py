"""Messages of a conversation, and the interface of a language model."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

Role = Literal["system", "user", "assistant"]


class Message(BaseModel):
    """One message of a conversation."""

    model_config = ConfigDict(frozen=True)

    role: Role
    content: str


def last_question(messages: Sequence[Message]) -> str:
    """Return what the person wrote last in ``messages``; empty where the person wrote nothing."""
    return next((message.content for message in reversed(messages) if message.role == "user"), "")


class GenerationOptions(BaseModel):
    """How a reply is generated."""

    model_config = ConfigDict(frozen=True)

    temperature: float = Field(0.7, ge=0, le=2, description="Randomness of the choice of tokens; 0 is none.")
    max_tokens: int = Field(512, ge=1, le=8192, description="Maximum length of the reply, in tokens.")


class LLMResponse(BaseModel):
    """A complete reply."""

    model_config = ConfigDict(frozen=True)

    text: str = Field(description="What is spoken: without markup, emoji and stage directions.")
    action: str | None = Field(None, description="The action that the reply names, such as `greet`.")
    tokens_count: int = Field(ge=0, description="Number of generated tokens; pieces of the stream where not known.")
    generation_time: float = Field(ge=0, description="Seconds from the request to the last token.")


class CompletePart(str):
    """A piece of a reply at whose end a clause or a sentence ends: it can be spoken before the next piece comes."""

    __slots__ = ()


class LanguageModel(Protocol):
    """Writes a reply to the messages of a conversation. Implementations are used by one event loop."""

    name: str
    """``ollama``, ``openai``, ``embedded`` or ``stored``."""

    async def generate(self, messages: Sequence[Message], options: GenerationOptions) -> LLMResponse:
        """The whole reply. Raises LanguageModelError."""
        ...

    def stream(self, messages: Sequence[Message], options: GenerationOptions) -> AsyncGenerator[str, None]:
        """The reply in pieces of text as the model writes it, markup included; a piece is a :class:`CompletePart`
        where the model knows that a part ends with it.

        Closing the generator (``aclose``) or cancelling its task stops the model. Raises LanguageModelError, also
        after some pieces.
        """
        ...

    async def health_check(self) -> bool:
        """Whether a reply can be expected now; takes at most 2 seconds and raises nothing."""
        ...
