"""What the API answers about conversations."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from lipsync.server.responses import Answer


class ConversationAnswer(Answer):
    """One conversation."""

    id: str
    persona: str = Field(description="Name of the persona who answered.")
    title: str = Field(description="The beginning of the first question; empty before it.")
    created: float = Field(description="Seconds since the epoch.")
    changed: float = Field(description="Seconds since the epoch, at the last question or answer.")


class ConversationsAnswer(Answer):
    """The caller's conversations."""

    conversations: list[ConversationAnswer] = Field(description="The one that was changed last first.")


class UtteranceAnswer(Answer):
    """Something that was said."""

    role: Literal["user", "assistant"]
    text: str = Field(description="A question, or as much of an answer as was heard.")
    interrupted: bool = Field(description="Whether the answer was longer: its rest was not heard.")
    created: float = Field(description="Seconds since the epoch.")


class ConversationWithMessages(ConversationAnswer):
    """One conversation with what was said in it."""

    messages: list[UtteranceAnswer] = Field(description="The oldest first; at most 1000.")


class DeletedConversation(Answer):
    """The conversation was deleted."""

    deleted: str = Field(description="Its id.")
