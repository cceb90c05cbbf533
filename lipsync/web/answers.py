"""What the API answers: the models of its JSON, which its description is made of too."""

from __future__ import annotations

from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict, Field

from lipsync.jobs.job import State


class Answer(BaseModel):
    """Of every answer."""

    model_config = ConfigDict(frozen=True)


class Problem(Answer):
    """An error."""

    error: str = Field(description="One sentence in the reader's language.")
    code: str = Field(description="For programs.")


class FallbackAnswer(Answer):
    """A voice that could not go on."""

    engine: str
    reason: str = Field(description="Code of what befell it.")
    sentence: str = Field(description="The same for a person.")
    piece: int = Field(description="Number, from 0, of the sentence from which on the next one spoke.")
    voice: str = Field(description="Name of the voice that took over.")


class Links(Answer):
    """Where the rest of a job is."""

    self: str = Field(description="The job itself; DELETE cancels it.")
    events: str = Field(description="The same as server-sent events.")
    stream: str = Field(description="The video while it is made: fragmented MP4.")
    video: str = Field(description="The finished video.")
    subtitles: str | None = Field(description="Its subtitles, where they were asked for.")


class JobAnswer(Answer):
    """A job."""

    id: str = Field(pattern="^[0-9a-f]{32}$")
    state: State
    stage: str = Field(description="What is being done: portrait, speech, render, finish; empty before and after.")
    progress: float = Field(ge=0, le=1)
    place: int | None = Field(ge=1, description="In the queue, 1 for the next.")
    seconds_left: float | None = Field(ge=0, description="Until it is done, as far as can be told.")
    created: datetime
    started: datetime | None
    ended: datetime | None
    avatar: str
    language: str
    characters: int
    duration: float | None = Field(description="Seconds of the finished video.")
    frames: int | None
    width: int | None = Field(description="Pixels.")
    height: int | None = Field(description="Pixels.")
    fps: int | None
    voice: str | None = Field(description="The one that began to speak.")
    engine: str | None
    fallbacks: list[FallbackAnswer] = Field(description="Voices that could not go on.")
    timings: dict[str, float] = Field(description="Seconds by stage.")
    error: Problem | None = Field(description="Why there is no video.")
    links: Links


class JobsAnswer(Answer):
    """The caller's last jobs."""

    jobs: list[JobAnswer] = Field(description="The newest first.")


def moment(seconds: float) -> datetime:
    """Seconds since the epoch as a time in UTC."""
    return datetime.fromtimestamp(round(seconds, 3), UTC)
