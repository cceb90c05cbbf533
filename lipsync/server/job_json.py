"""Jobs as JSON of the API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel

from lipsync.face.avatar_part import AvatarPart
from lipsync.jobs.estimates import QueueEstimate
from lipsync.jobs.job import Failure, Job
from lipsync.jobs.jobs import Jobs
from lipsync.messages import DEFAULT_LANGUAGE
from lipsync.pipeline.result import VideoFacts
from lipsync.server.error_fields import field_of
from lipsync.server.responses import AvatarPartAnswer, FallbackAnswer, JobAnswer, Links, Problem, moment
from lipsync.speech.types import Fallback


def describe(job: Job, estimate: QueueEstimate, language: str, *, prefix: str = "") -> JobAnswer:
    """``job`` for a reader of ``language``. ``prefix`` is the path below which the application is served, as
    ``request.script_root`` has it."""
    facts = job.video
    return JobAnswer(
        **flat_facts(job, JobAnswer, but=("avatar_part", "fallbacks", "timings")),
        **job_facts(job, estimate.seconds_left(job)),
        place=estimate.position(job),
        avatar_part=avatar_part_answer(facts.avatar_part if facts else None, language),
        fallbacks=fallback_json(facts.fallbacks if facts else (), language),
        timings=facts.timings if facts else {},
        error=_problem(job.error, language),
        links=_links(job, prefix),
    )


def flat_facts(job: Job, answer: type[BaseModel], but: Sequence[str] = ()) -> dict[str, Any]:
    """The facts of the job's video that ``answer`` has fields for, except ``but``; None before it is done."""
    names = [name for name in VideoFacts.model_fields if name in answer.model_fields and name not in but]
    return {name: getattr(job.video, name, None) for name in names}


def job_facts(job: Job, seconds_left: float | None) -> dict[str, Any]:
    """What the API and the admin page show of a job in the same form."""
    names = ("id", "state", "stage", "progress", "avatar", "language", "characters")
    return {
        **{name: getattr(job, name) for name in names},
        "seconds_left": None if seconds_left is None else round(seconds_left, 1),
        "created": moment(job.created),
        "started": None if job.started is None else moment(job.started),
        "ended": None if job.ended is None else moment(job.ended),
    }


def job_json(job: Job, jobs: Jobs, language: str, *, prefix: str = "") -> dict[str, Any]:
    """:func:`describe` as JSON."""
    return describe(job, jobs.estimate(), language, prefix=prefix).model_dump(mode="json")


def avatar_part_answer(part: AvatarPart | None, language: str) -> AvatarPartAnswer | None:
    """The used part of an avatar that is a video, for a reader of ``language``."""
    return None if part is None else AvatarPartAnswer.model_validate(part.as_json(language))


def fallback_json(fallbacks: Sequence[Fallback], language: str) -> list[FallbackAnswer]:
    """Voices that failed, for a reader of ``language``."""
    return [
        FallbackAnswer(
            engine=fallback.engine,
            reason=fallback.reason,
            sentence=fallback.sentence.get(language, fallback.sentence[DEFAULT_LANGUAGE]),
            piece=fallback.piece,
            voice=fallback.voice,
        )
        for fallback in fallbacks
    ]


def _problem(failure: Failure | None, language: str) -> Problem | None:
    if failure is None:
        return None
    error = failure.error()
    return Problem(error=error.message(language), code=error.code, field=field_of(error))


def _links(job: Job, prefix: str) -> Links:
    here = f"{prefix}/api/jobs/{job.id}"
    return Links(
        self=here,
        events=f"{here}/events",
        stream=f"{here}/stream" if job.has_stream else None,
        video=f"{here}/video",
        subtitles=f"{here}/subtitles" if job.subtitles else None,
        cues=f"{here}/cues",
    )
