"""Requests and answers of a conversation, and the interface of what answers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Protocol

from pydantic import BaseModel, ConfigDict, Field

from lipsync.animation.blendshapes import BlendshapeFrame, BlendshapeWeights
from lipsync.animation.body_motion.types import MotionKeyframe, MotionKeyframes
from lipsync.audio.segment import AudioSegment
from lipsync.language_models.types import Message

MAX_MESSAGE_CHARACTERS = 2000
"""Characters of one message of a person."""
MAX_HISTORY_MESSAGES = 100
"""Messages of ``conversation_history``."""

PersonaName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$", description="Name of a persona.")]


class ChatRequest(BaseModel):
    """A question in writing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    message: str = Field(min_length=1, max_length=MAX_MESSAGE_CHARACTERS, description="What the person says.")
    conversation_history: tuple[Message, ...] = Field(
        (), max_length=MAX_HISTORY_MESSAGES, description="Earlier messages, the oldest first."
    )
    persona: PersonaName | None = Field(None, description="Who answers; the default persona where none is named.")


class AvatarFrame(BaseModel):
    """One moment of an answer."""

    model_config = ConfigDict(frozen=True)

    timestamp: float = Field(ge=0, description="Seconds from the start of the answer's sound.")
    text_chunk: str | None = Field(None, description="Text whose sound begins here.")
    audio_chunk: AudioSegment | None = Field(None, description="Sound that begins here.")
    blendshapes: BlendshapeFrame | None = Field(None, description="The face at this moment.")
    motion: MotionKeyframe | None = Field(None, description="The body at this moment.")


class ChatResponse(BaseModel):
    """A whole answer."""

    model_config = ConfigDict(frozen=True)

    full_text: str
    audio: AudioSegment
    blendshapes: BlendshapeWeights
    motion: MotionKeyframes
    processing_time: float = Field(ge=0, description="Seconds from the request to the answer.")


class Pipeline(Protocol):
    """Answers one question, spoken or in writing."""

    def process(self, user_input: str, history: Sequence[Message]) -> AsyncIterator[AvatarFrame]:
        """The answer, frame by frame, while it is made. Closing the iterator stops everything."""
        ...

    async def health_check(self) -> dict[str, bool]:
        """Whether each part works now: ``llm``, ``tts``, ``lipsync``, ``motion``, ``stt``. Raises nothing."""
        ...
