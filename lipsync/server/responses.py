"""What the API answers: the models of its JSON, which its description is made of too."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from lipsync.auth.caller import Scope
from lipsync.face.avatar_part import REASONS
from lipsync.jobs.job import State


class Answer(BaseModel):
    """Configuration of every response model."""

    model_config = ConfigDict(frozen=True)


class Problem(Answer):
    """An error."""

    error: str = Field(description="One sentence in the reader's language.")
    code: str = Field(description="Error code, for programs.")
    field: str | None = Field(None, description="Field of the request that is wrong, where the error concerns one.")


class FallbackAnswer(Answer):
    """A voice that could not go on."""

    engine: str
    reason: str = Field(description="Error code of the failure.")
    sentence: str = Field(description="The same for a person.")
    piece: int = Field(description="Index (from 0) of the first sentence spoken by the fallback voice.")
    voice: str = Field(description="Name of the voice that took over.")


class LeftOutAnswer(Answer):
    """Consecutive frames of the avatar's video that are not used."""

    start: float = Field(ge=0, description="Seconds from the first frame.")
    end: float = Field(ge=0)
    reason: str = Field(description="Code of why.", json_schema_extra={"enum": [*sorted(REASONS)]})


class AvatarPartAnswer(Answer):
    """Which seconds of the avatar's video are used."""

    start: float = Field(ge=0, description="Seconds from the first frame.")
    end: float = Field(ge=0)
    duration: float = Field(ge=0, description="Seconds of the video that were looked at.")
    left_out: list[LeftOutAnswer] = Field(description="The other seconds, and why they are not used.")
    sentence: str = Field(description="All of it for a person; empty when all of the video is used.")


class Links(Answer):
    """Where the rest of a job is."""

    self: str = Field(description="The job itself; DELETE cancels it.")
    events: str = Field(description="The same as server-sent events.")
    stream: str | None = Field(
        description="The video while it is made: fragmented MP4; null with a transparent background."
    )
    video: str = Field(description="The finished video.")
    subtitles: str | None = Field(description="URL of the subtitles, if requested.")
    cues: str = Field(description="Mouth cues of the finished video.")


class CuesMetadata(Answer):
    """The sound that mouth cues belong to."""

    soundFile: str = Field(description="Name of the video.")
    duration: float = Field(ge=0, description="Seconds, truncated to a multiple of 0.01.")


class MouthCueAnswer(Answer):
    """One mouth shape with its time."""

    start: float = Field(ge=0, description="Seconds from the start of the sound.")
    end: float = Field(ge=0, description="Seconds from the start of the sound; the next shape begins here.")
    value: Literal["A", "B", "C", "D", "E", "F", "G", "H", "X"] = Field(description="Mouth shape, as Rhubarb has it.")


class MouthCuesAnswer(Answer):
    """The JSON of Rhubarb Lip Sync."""

    metadata: CuesMetadata
    mouthCues: list[MouthCueAnswer] = Field(description="In order, without a gap.")


class JobAnswer(Answer):
    """A job."""

    id: str = Field(pattern="^[0-9a-f]{32}$")
    state: State
    stage: str = Field(description="What is being done: portrait, speech, render, finish; empty before and after.")
    progress: float = Field(ge=0, le=1)
    place: int | None = Field(ge=1, description="In the queue, 1 for the next.")
    seconds_left: float | None = Field(ge=0, description="Estimated seconds until it is done.")
    created: datetime
    started: datetime | None
    ended: datetime | None
    avatar: str
    language: str
    characters: int
    duration: float | None = Field(description="Seconds of the finished video.")
    frames: int | None
    width: int | None = Field(description="Width of the video, in pixels.")
    height: int | None = Field(description="Height of the video, in pixels.")
    picture_width: int | None = Field(
        description="Width of the picture that it was made of, upright, in pixels; null for a video."
    )
    picture_height: int | None = Field(description="Height of that picture, in pixels; null for a video.")
    fps: int | None
    voice: str | None = Field(description="Voice that spoke the first sentence.")
    engine: str | None
    avatar_part: AvatarPartAnswer | None = Field(
        description="Which part of the avatar's video is used; null for a picture, and before the job is done."
    )
    fallbacks: list[FallbackAnswer] = Field(description="Voices that failed, in order.")
    timings: dict[str, float] = Field(description="Seconds by stage.")
    error: Problem | None = Field(description="Error of a failed job.")
    links: Links


class JobsAnswer(Answer):
    """The caller's last jobs."""

    jobs: list[JobAnswer] = Field(description="The newest first.")


class VoiceAnswer(Answer):
    """A voice that can be named."""

    name: str
    engine: str
    languages: list[str] = Field(description="Codes.")
    labels: dict[str, str] = Field(description="What a page shows, by its language.")
    sex: str = Field(description="male, female, or empty where it is not known.")


class AddedVoice(Answer):
    """A voice that somebody added."""

    name: str
    voice: str = Field(description="What a request names.")
    created: str = Field(json_schema_extra={"format": "date-time"})
    seconds: float = Field(ge=0, description="Seconds of speech in the recordings.")


class LanguageAnswer(Answer):
    """A language that is spoken here."""

    code: str
    name: str = Field(description="Name of the language in that language (e.g. “Deutsch”).")


class VoicesAnswer(Answer):
    """All that can speak."""

    default: str = Field(description="Language of a request that names none.")
    languages: list[LanguageAnswer]
    voices: list[VoiceAnswer]
    added: list[AddedVoice]
    cloning: str | None = Field(description="Why voices cannot be added; null if they can.")
    absent: dict[str, str] = Field(description="Unavailable engines, with the reason.")


class DeletedAnswer(Answer):
    """The voice was deleted."""

    deleted: str = Field(description="Its name.")


class AvatarAnswer(Answer):
    """A portrait that comes with the server."""

    name: str
    titles: dict[str, str] = Field(description="What a page shows, by its language.")
    credit: str
    width: int = Field(gt=0, description="Width of the picture, in pixels.")
    height: int = Field(gt=0, description="Height of the picture, in pixels.")
    video_width: int = Field(gt=0, description="Width of its videos, in pixels: a small face is enlarged.")
    video_height: int = Field(gt=0, description="Height of its videos, in pixels.")
    sex: str = Field(description="Preferred sex of the default voice.")


class AvatarsAnswer(Answer):
    """The available avatars."""

    default: str | None = Field(description="Null: a file of the owner's own.")
    default_moves: bool = Field(description="Whether that is a video.")
    avatars: list[AvatarAnswer]


class MeAnswer(Answer):
    """Who is calling."""

    caller: str
    scopes: list[Scope]
    anonymous: bool = Field(description="Whether no key was brought.")
    key_needed: bool = Field(description="Whether rendering needs a key.")


class ModelAnswer(Answer):
    """A model, as OpenAI has it."""

    id: str
    object: Literal["model"] = "model"
    created: int = 0
    owned_by: str = "lipsync"


class ModelsAnswer(Answer):
    """All models, as OpenAI has them."""

    object: Literal["list"] = "list"
    data: list[ModelAnswer]


class AudioVoice(Answer):
    """A voice, as clients of speech servers expect it: some read ``id``, others ``name``, so both are the same."""

    id: str
    name: str = Field(description="The same as `id`.")


class AudioVoicesAnswer(Answer):
    """All voices of the speech interface."""

    voices: list[AudioVoice]


class AudioModel(Answer):
    """A model of the speech interface."""

    id: str
    name: str = Field(description="The same as `id`.")


class AudioModelsAnswer(Answer):
    """All models of the speech interface."""

    models: list[AudioModel]


class OpenAIError(Answer):
    """What is wrong, as OpenAI has it."""

    message: str = Field(description="One sentence in the reader's language.")
    type: Literal["invalid_request_error", "server_error"]
    param: str | None = Field(description="The field that the error concerns, if it is one.")
    code: str = Field(description="For programs.")


class OpenAIProblem(Answer):
    """An error, as OpenAI has it."""

    error: OpenAIError


class SpeechUsage(Answer):
    """Nothing here is counted in tokens."""

    input_tokens: int
    output_tokens: int
    total_tokens: int


class SpeechEvent(Answer):
    """A piece of speech, its end, or its error, in OpenAI's form."""

    type: Literal["speech.audio.delta", "speech.audio.done", "error"]
    audio: str | None = Field(None, description="Of a delta: bytes of the sound in Base64.")
    usage: SpeechUsage | None = Field(None, description="Of the end.")
    error: OpenAIError | None = Field(None, description="Of an error.")


def moment(seconds: float) -> datetime:
    """Seconds since the epoch as a time in UTC."""
    return datetime.fromtimestamp(round(seconds, 3), UTC)
