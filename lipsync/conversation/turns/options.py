"""How a conversation takes turns: what the client chooses, and the time limits."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

TurnMode = Literal["vad", "manual"]
Eagerness = Literal["low", "auto", "high"]
BargeIn = Literal["voice", "message", "off"]

SILENCE_FACTORS: dict[Eagerness, float] = {"low": 1.6, "auto": 1.0, "high": 0.7}
"""By how much each eagerness multiplies the silence after which a turn is over."""


class TurnOptions(BaseModel):
    """The client's choice: the field ``turn`` of the message ``start``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mode: TurnMode = Field("vad", description="vad: a turn ends by silence; manual: by the message `commit`.")
    eagerness: Eagerness = Field("auto", description="How soon an answer follows a pause; low waits longest.")
    barge_in: BargeIn = Field(
        "voice",
        description="What interrupts an answer. voice: the person's voice and messages; message: messages only, for "
        "loudspeakers without echo cancellation; off: nothing, a written question waits for the answer's end.",
    )


class TurnLimits(BaseModel):
    """Time limits of the turn machine, in seconds; the tests and benchmarks change them, clients do not."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_utterance_s: float = 60.0
    """Sound of one turn; then the turn is over."""
    max_transcription_s: float = 5.0
    """From the request of a transcription to its result."""
    max_thinking_s: float = 15.0
    """From the release of an answer to its first sound. The answer has shorter limits of its own; this one ends a
    conversation's wait for a part that hangs."""
    max_stall_s: float = 30.0
    """Without further sound of an answer that is spoken and not finished."""
    greeting_s: float = 3.0
    """From the start of the session: a voice alone does not interrupt, words do, because the echo cancellation of
    browsers takes that long to settle (unmute does the same)."""
