"""What a conversation needs of its language models and personas."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Protocol

from lipsync.language_models.types import Message


@dataclass(frozen=True)
class Speaker:
    """How a persona speaks and looks."""

    name: str
    language: str
    """Code of the language that it speaks."""
    voice: str | None = None
    """Name of a voice or of an engine; None: the first that speaks the language."""
    avatar: str | None = None
    """Name of a bundled avatar; None: that of the settings."""
    speed: float = 1.0
    """Speed factor of the speech."""
    greeting: str = ""
    """What it says first."""
    fillers: tuple[str, ...] = ()
    """Sentences of which one begins a live answer whose text is late."""
    phrases: tuple[str, ...] = ()
    """Texts whose video is made once: the greeting and the fillers."""


class Reply(Protocol):
    """A reply while it is written."""

    def pieces(self) -> AsyncGenerator[str, None]:
        """The text in pieces, markup included; closing it stops the model. Raises LipsyncError."""
        ...

    def phrase(self) -> str | None:
        """The whole reply where it is a stored one, known after the first piece; else None."""
        ...

    def failed(self) -> Sequence[str]:
        """``("llm",)`` where a model failed and another one wrote."""
        ...


class Responder(Protocol):
    """Personas, and what replies in their place. Used by one event loop."""

    def speaker(self, persona: str | None) -> Speaker:
        """How ``persona``, a name, speaks; None: the default one. For any thread. Raises LipsyncError."""
        ...

    def reply(self, persona: str | None, history: Sequence[Message], question: str) -> Reply:
        """The reply to ``question`` after ``history``. Raises LipsyncError."""
        ...

    async def preload(self, persona: str | None) -> None:
        """Load what replies, before the first question. Raises nothing."""
        ...

    async def health_check(self) -> bool:
        """Whether a model replies now; takes at most 2 seconds and raises nothing."""
        ...

    async def close(self) -> None:
        """End connections and child processes."""
        ...


class FixedReply:
    """A text that is spoken as it is: a Reply."""

    def __init__(self, text: str, *, is_phrase: bool, failed: Sequence[str] = ()) -> None:
        """``is_phrase``: its video is drawn once; ``failed``: parts in whose place it is said."""
        self._text, self._is_phrase, self._failed = text, is_phrase, failed

    async def pieces(self) -> AsyncGenerator[str, None]:
        """The text in one piece."""
        yield self._text

    def phrase(self) -> str | None:
        """The text, if it is a phrase."""
        return self._text if self._is_phrase else None

    def failed(self) -> Sequence[str]:
        """The parts in whose place it is said."""
        return self._failed
