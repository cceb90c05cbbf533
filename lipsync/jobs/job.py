"""A job as a value, and what became of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict

from lipsync.avatar_part import AvatarPart
from lipsync.errors import LipsyncError
from lipsync.jobs.files import work_key
from lipsync.speech.fallback import Fallback

State = Literal["queued", "running", "done", "failed", "cancelled"]
STATES: tuple[State, ...] = get_args(State)
ENDED: tuple[State, ...] = ("done", "failed", "cancelled")

_NAMES = {"en": STATES, "ru": ("в очереди", "выполняется", "готово", "ошибка", "отменено")}


class Failure(BaseModel):
    """Why there is no video: a :class:`LipsyncError` that can be written down."""

    model_config = ConfigDict(frozen=True)

    code: str
    facts: dict[str, Any] = {}

    @classmethod
    def of(cls, error: LipsyncError) -> Failure:
        """``error``, whose facts become plain strings, numbers, or those by language. Of a place only the name is
        told: where the server keeps its files is nobody's business."""
        facts = {name: _plain(fact) for name, fact in error.facts.items()}
        if "place" in facts:
            facts["place"] = Path(str(facts["place"])).name
        return cls(code=error.code, facts=facts)

    def error(self) -> LipsyncError:
        """The error again."""
        return LipsyncError(self.code, **self.facts)


class Made(BaseModel):
    """What there is to know of a finished video: as in :class:`lipsync.service.Result`."""

    model_config = ConfigDict(frozen=True)

    duration: float
    frames: int
    width: int
    height: int
    picture_width: int | None = None
    picture_height: int | None = None
    fps: int
    voice: str
    engine: str
    portrait: str
    avatar_part: AvatarPart | None = None
    fallbacks: tuple[Fallback, ...] = ()
    timings: dict[str, float] = {}


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
    """What is being done, of :data:`lipsync.progress.Stage`; empty before and after."""
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
    wanted: dict[str, Any] | None
    """Fields of the request, until the job has ended."""
    picture: str | None
    """Key of the picture that came with it, until the job has ended."""
    video: str
    """Key under which the video is, or will be."""
    subtitles: str | None
    result: Made | None
    error: Failure | None
    digest: str | None
    webhook: str | None

    @property
    def stream(self) -> str:
        """Key of the video that grows. Each attempt has its own: nobody reads what a dead one left."""
        return work_key(self.id, f"stream-{self.served}.mp4")

    @property
    def made(self) -> list[str]:
        """Keys of what its end leaves: the video, and the subtitles where they were asked for."""
        return [self.video, *filter(None, [self.subtitles])]

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in ENDED

    def problem(self) -> LipsyncError:
        """Why its video cannot be had (now). Only for a job that is not done."""
        if self.error is not None:
            return self.error.error()
        if self.state == "cancelled":
            return LipsyncError("job_cancelled")
        place = STATES.index(self.state)
        return LipsyncError("job_not_done", state={language: names[place] for language, names in _NAMES.items()})


def _plain(fact: object) -> object:
    if isinstance(fact, dict):
        return {str(name): _plain(value) for name, value in fact.items()}
    if isinstance(fact, str):
        return fact.encode("utf-8", "backslashreplace").decode()  # a lone surrogate can be written nowhere
    return fact if isinstance(fact, int | float) else str(fact)
