"""What the server sends: JSON messages by their ``type``."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from lipsync.animation.blendshapes import BlendshapeFrame
from lipsync.animation.body_motion.types import MotionKeyframe
from lipsync.conversation.turns.actions import InterruptedBy, State
from lipsync.text.mood import Mood


class _ServerMessage(BaseModel):
    model_config = ConfigDict(frozen=True)


class PartInUse(BaseModel):
    """What does one part of the work."""

    name: str
    fallback: bool = Field(False, description="Whether something simpler does it than was configured.")


class Ready(_ServerMessage):
    """Answers ``start``."""

    type: Literal["ready"] = "ready"
    session: str
    conversation: str
    persona: str
    language: str
    ai: Literal[True] = Field(True, description="A computer program answers, not a person.")
    notice: str = Field(description="The same as a sentence in the person's language.")
    parts: dict[str, PartInUse] = Field(
        description="As far as it is known; the parts are checked from now on, and `done` names those that failed."
    )
    limits: dict[str, float]


class StateChanged(_ServerMessage):
    """What the portrait does now."""

    type: Literal["state"] = "state"
    state: State


class SpeechMoment(_ServerMessage):
    """The person begins or stops speaking."""

    type: Literal["speech_started", "speech_stopped"]
    at_ms: float = Field(description="Milliseconds of the microphone's sound.")


class TranscriptMessage(_ServerMessage):
    """What the person said; empty where no words were heard."""

    type: Literal["transcript"] = "transcript"
    text: str
    final: bool
    language: str = ""


class AnswerMessage(_ServerMessage):
    """An answer begins; what belongs to it carries its number."""

    type: Literal["answer"] = "answer"
    answer: int
    id: str | None = None
    emotion: Mood = "neutral"
    action: str | None = None


class TimedWeights(BaseModel):
    """One of the frames of a batch."""

    model_config = ConfigDict(frozen=True)

    timestamp: float
    blendshapes: dict[str, float] | None = None
    motion: MotionKeyframe | None = None


class FrameMessage(_ServerMessage):
    """A moment of an answer, or with ``frames`` a quarter of a second of it. Times are of the answer's sound."""

    type: Literal["frame"] = "frame"
    answer: int | None = None
    timestamp: float
    text_chunk: str | None = None
    audio_chunk: str | None = Field(None, description="Sound from here on: base64 of 16-bit mono samples or a WAV.")
    blendshapes: BlendshapeFrame | None = None
    motion: MotionKeyframe | None = None
    frames: tuple[TimedWeights, ...] | None = None


class SentenceMessage(_ServerMessage):
    """A sentence of an answer, with the times of its words."""

    type: Literal["sentence"] = "sentence"
    answer: int
    index: int
    text: str
    start: float
    end: float
    emotion: Mood
    action: str | None = Field(None, description="Action of body and face in this sentence, such as `nod`.")
    filler: bool = Field(
        False, description="The sentence only bridges the wait for the reply: `full_text` does not hold it."
    )
    words: tuple[tuple[str, float, float], ...] | None = None


class VideoMessage(_ServerMessage):
    """Binary messages with the video of an answer follow."""

    type: Literal["video"] = "video"
    answer: int
    mime: str


class InterruptedMessage(_ServerMessage):
    """An answer was stopped. What was heard of it is remembered, the rest is not."""

    type: Literal["interrupted"] = "interrupted"
    answer: int
    heard_text: str
    heard_ms: float
    by: InterruptedBy


class VolumeMessage(_ServerMessage):
    """The client should play more quietly, as the person may be interrupting, or as before."""

    type: Literal["volume"] = "volume"
    answer: int
    volume: float = Field(ge=0, le=1)


class DoneMessage(_ServerMessage):
    """An answer is complete."""

    type: Literal["done"] = "done"
    answer: int | None = None
    full_text: str = Field(description="The reply: the sentences, without the filler that may come before them.")
    total_duration: float
    timings: dict[str, float] | None = None
    degraded: tuple[str, ...] | None = None


class ErrorMessage(_ServerMessage):
    """Something failed. After a fatal error the connection is closed."""

    type: Literal["error"] = "error"
    code: str
    error: str
    answer: int | None = None
    fatal: bool = False


class Closing(_ServerMessage):
    """The connection will be closed."""

    type: Literal["closing"] = "closing"
    reason: Literal["stopping", "idle", "limit"]
    seconds: float = 0.0


class Pong(_ServerMessage):
    """Answers ``ping``."""

    type: Literal["pong"] = "pong"


def as_json(message: BaseModel) -> dict[str, Any]:
    """The message as it is sent in JSON."""
    return message.model_dump(mode="json", exclude_none=True)
