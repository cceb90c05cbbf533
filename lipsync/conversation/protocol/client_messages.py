"""What a client sends: JSON messages by their ``type``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from pydantic.config import JsonDict

from lipsync.conversation.options import BlendshapeSet
from lipsync.conversation.turns.options import TurnOptions
from lipsync.conversation.types import MAX_MESSAGE_CHARACTERS, PersonaName

MAX_JSON_BYTES = 65_536
MAX_BINARY_BYTES = 32_768
"""Largest JSON and largest binary message."""
MAX_SAY_CHARACTERS = 5000
_MAX_AUDIO_CHARACTERS = 4 * MAX_BINARY_BYTES // 3 + 4

SoundFormat = Literal["pcm16", "wav", "none"]


def _limits(max_length: int) -> JsonDict:
    """For the schema; the text itself is checked when it is cleaned, which tells the client what is wrong with it."""
    return {"minLength": 1, "maxLength": max_length}


class _ClientMessage(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Wanted(_ClientMessage):
    """What the answers consist of."""

    audio: SoundFormat = Field("pcm16", description="Form of the sound.")
    video: Literal["fmp4", "none"] = Field("none", description="Video of the portrait, as a fragmented MP4.")
    blendshapes: BlendshapeSet = Field("arkit", description="Which weights of the face are sent.")
    motion: bool = Field(True, description="Whether the body's motion is sent.")
    words: bool = Field(True, description="Whether the words of a sentence are sent with their times.")


class SoundInput(_ClientMessage):
    """The microphone's sound."""

    format: Literal["pcm16"] = Field("pcm16", description="16-bit little-endian mono samples.")
    rate: int = Field(16_000, ge=8_000, le=96_000, description="Samples a second.")


class Start(_ClientMessage):
    """Begins a conversation, or changes how it goes on. Optional."""

    type: Literal["start"] = "start"
    persona: PersonaName | None = Field(
        None, description="Who answers; the conversation's or the default persona where none is named."
    )
    conversation: str | None = Field(None, max_length=64, description="Id of a stored conversation to continue.")
    language: str | None = Field(
        None,
        max_length=20,
        description="Code of the language in which the person speaks; default: that of the persona.",
    )
    want: Wanted = Wanted()
    fps: int = Field(30, ge=10, le=60, description="Weights a second.")
    batch: bool = Field(False, description="One message for every quarter of a second instead of every frame.")
    binary: bool = Field(False, description="Sound as binary messages instead of base64. Video always is binary.")
    greeting: bool = Field(False, description="Whether the persona greets first.")
    input: SoundInput = SoundInput()
    turn: TurnOptions = Field(
        TurnOptions(), description="How a turn of the person ends, and what interrupts an answer."
    )


class Chat(_ClientMessage):
    """A question in writing; it interrupts what is spoken."""

    type: Literal["chat"]
    message: str = Field(description="The question.", json_schema_extra=_limits(MAX_MESSAGE_CHARACTERS))
    id: str | None = Field(None, max_length=64, description="Returned in `answer`.")


class Audio(_ClientMessage):
    """A piece of the microphone's sound, 20 to 100 ms, base64. The same may be sent as a binary message."""

    type: Literal["audio"]
    data: str = Field(max_length=_MAX_AUDIO_CHARACTERS, description="The samples, in the form of `start.input`.")


class Commit(_ClientMessage):
    """Ends the turn now (push to talk)."""

    type: Literal["commit"]


class Clear(_ClientMessage):
    """Forgets what was heard of the turn."""

    type: Literal["clear"]


class Say(_ClientMessage):
    """A text that the portrait speaks as it is, without a language model."""

    type: Literal["say"]
    text: str = Field(description="What is spoken.", json_schema_extra=_limits(MAX_SAY_CHARACTERS))
    id: str | None = Field(None, max_length=64, description="Returned in `answer`.")


class Interrupt(_ClientMessage):
    """Stops the answer."""

    type: Literal["interrupt"]
    played_ms: float | None = Field(None, ge=0, le=3_600_000, description="How much of it has been heard.")


class Played(_ClientMessage):
    """How far an answer has been played; every 250 ms."""

    type: Literal["played"]
    answer: int = Field(ge=0, description="Number of the answer.")
    ms: float = Field(ge=0, le=3_600_000, description="Milliseconds of its sound.")


class Ping(_ClientMessage):
    """Answered by `pong`."""

    type: Literal["ping"]


ClientMessage = Annotated[
    Start | Chat | Audio | Commit | Clear | Say | Interrupt | Played | Ping, Field(discriminator="type")
]
CLIENT_MESSAGE: TypeAdapter[ClientMessage] = TypeAdapter(ClientMessage)
"""Reads and checks a message."""
