"""A job as a value: the request, its state, and the facts of its video or its error."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict

from lipsync.errors import LipsyncError
from lipsync.jobs.errors import JobError
from lipsync.messages import Message
from lipsync.messages.message import from_plain, plain
from lipsync.pipeline.result import VideoFacts
from lipsync.storage.files import work_key
from lipsync.storage.outputs import PHONES, WEBM

State = Literal["queued", "running", "done", "failed", "cancelled"]
BACKGROUND_IMAGE = "background"
"""Name of the picture behind the person among the working files of a job."""
STATES: tuple[State, ...] = get_args(State)
ENDED: tuple[State, ...] = ("done", "failed", "cancelled")


class Failure(BaseModel):
    """The error of a failed job: a :class:`LipsyncError` that can be stored."""

    model_config = ConfigDict(frozen=True)

    code: str
    facts: dict[str, Any] = {}

    @classmethod
    def of(cls, error: LipsyncError) -> Failure:
        """``error`` with facts that JSON can hold. Of a place only the name is kept: callers may not learn where the
        server keeps its files."""
        facts = {name: plain(fact) for name, fact in error.facts.items()}
        if "place" in facts:
            facts["place"] = Path(str(facts["place"])).name
        return cls(code=error.code, facts=facts)

    def error(self) -> LipsyncError:
        """The error again."""
        return LipsyncError(self.code, **{name: from_plain(fact) for name, fact in self.facts.items()})


class Job(BaseModel):
    """A video that was asked for. Times are seconds since the epoch, for people: clocks move."""

    model_config = ConfigDict(frozen=True)

    id: str
    """32 hexadecimal digits, not to be guessed."""
    number: int
    """Grows from job to job."""
    owner: str
    request: str
    """Id of the request that asked for it, for the log."""
    state: State
    stage: str
    """What is being done, of :data:`lipsync.runtime.progress.Stage`; empty before and after."""
    progress: float
    """0 to 1."""
    characters: int
    language: str
    """Code: ``ru``."""
    avatar: str
    created: float
    started: float | None
    ended: float | None
    runner: str | None
    attempts: int
    served: int
    """Grows with each job that is begun."""
    video_request: dict[str, Any] | None
    """The stored :class:`lipsync.pipeline.request.VideoRequest`, until the job has ended."""
    picture: str | None
    """Key of the picture that came with it, until the job has ended."""
    video_key: str
    """Key under which the video is, or will be."""
    subtitles: str | None
    video: VideoFacts | None
    """Facts of the video, once it is done."""
    error: Failure | None
    digest: str | None
    webhook: str | None

    @property
    def stream(self) -> str:
        """Key of the video that grows. Each attempt has its own: nobody reads what a dead one left."""
        return work_key(self.id, f"stream-{self.served}.mp4")

    @property
    def background_image(self) -> str | None:
        """Key of the picture behind the person that came with it, until the job has ended."""
        has_one = self.video_request is not None and self.video_request.get("background_image") is not None
        return work_key(self.id, BACKGROUND_IMAGE) if has_one else None

    @property
    def has_stream(self) -> bool:
        """Whether the video can be watched while it is made: a WebM with a transparent background cannot."""
        return not self.video_key.endswith(WEBM)

    @property
    def file_keys(self) -> list[str]:
        """Keys of the files that a finished job leaves: the video, its phones, and the subtitles if asked for."""
        return [self.video_key, self.phones_key, *filter(None, [self.subtitles])]

    @property
    def phones_key(self) -> str:
        """Key under which the phones of the video are, from which mouth cues are made."""
        return str(Path(self.video_key).with_suffix(PHONES))

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in ENDED

    def problem(self) -> LipsyncError:
        """Why its video cannot be had (now). Only for a job that is not done."""
        if self.error is not None:
            return self.error.error()
        if self.state == "cancelled":
            return JobError("job_cancelled")
        return JobError("job_not_done", state=Message(f"state.{self.state}"))
