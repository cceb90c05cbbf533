"""The messages of a spoken answer: those of the WebSocket, also as server-sent events."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, RootModel

from lipsync.conversation.protocol.server_messages import DoneMessage, ErrorMessage, FrameMessage, SentenceMessage
from lipsync.errors import LipsyncError
from lipsync.server.errors import problem


class StreamMessage(
    RootModel[Annotated[FrameMessage | SentenceMessage | DoneMessage | ErrorMessage, Field(discriminator="type")]]
):
    """One message; ``type`` says which."""


def error_message(error: LipsyncError, language: str, *, answer: int | None = None, fatal: bool) -> ErrorMessage:
    """The message that says ``error`` in ``language``."""
    answered = problem(error, language)
    return ErrorMessage(code=answered.code, error=answered.error, answer=answer, fatal=fatal)
