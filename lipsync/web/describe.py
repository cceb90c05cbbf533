"""A job as the API tells it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lipsync.avatar_part import AvatarPart
from lipsync.jobs.job import Failure, Job
from lipsync.jobs.jobs import Jobs
from lipsync.jobs.outlook import Outlook
from lipsync.speech.fallback import Fallback
from lipsync.web.answers import AvatarPartAnswer, FallbackAnswer, JobAnswer, Links, Problem, moment


def describe(job: Job, outlook: Outlook, language: str, *, prefix: str = "") -> JobAnswer:
    """``job`` for a reader of ``language``. ``prefix`` is the path below which the application is served, as
    ``request.script_root`` has it."""
    made = job.result
    left = outlook.seconds_left(job)
    return JobAnswer(
        id=job.id,
        state=job.state,
        stage=job.stage,
        progress=job.progress,
        place=outlook.place(job),
        seconds_left=None if left is None else round(left, 1),
        created=moment(job.created),
        started=None if job.started is None else moment(job.started),
        ended=None if job.ended is None else moment(job.ended),
        avatar=job.avatar,
        language=job.language,
        characters=job.characters,
        duration=made.duration if made else None,
        frames=made.frames if made else None,
        width=made.width if made else None,
        height=made.height if made else None,
        picture_width=made.picture_width if made else None,
        picture_height=made.picture_height if made else None,
        fps=made.fps if made else None,
        voice=made.voice if made else None,
        engine=made.engine if made else None,
        avatar_part=avatar_part_answer(made.avatar_part if made else None, language),
        fallbacks=told_fallbacks(made.fallbacks if made else (), language),
        timings=made.timings if made else {},
        error=_problem(job.error, language),
        links=_links(job, prefix),
    )


def told(job: Job, jobs: Jobs, language: str, *, prefix: str = "") -> dict[str, Any]:
    """The same as JSON can hold it."""
    return describe(job, jobs.outlook(), language, prefix=prefix).model_dump(mode="json")


def avatar_part_answer(part: AvatarPart | None, language: str) -> AvatarPartAnswer | None:
    """The used part of an avatar's video, for a reader of ``language``."""
    return None if part is None else AvatarPartAnswer.model_validate(part.as_json(language))


def told_fallbacks(fallbacks: Sequence[Fallback], language: str) -> list[FallbackAnswer]:
    """Voices that could not go on, for a reader of ``language``."""
    return [
        FallbackAnswer(
            engine=one.engine,
            reason=one.reason,
            sentence=one.sentence[language],
            piece=one.piece,
            voice=one.voice,
        )
        for one in fallbacks
    ]


def _problem(failure: Failure | None, language: str) -> Problem | None:
    if failure is None:
        return None
    error = failure.error()
    return Problem(error=error.sentence(language), code=error.code)


def _links(job: Job, prefix: str) -> Links:
    here = f"{prefix}/api/jobs/{job.id}"
    return Links(
        self=here,
        events=f"{here}/events",
        stream=f"{here}/stream",
        video=f"{here}/video",
        subtitles=f"{here}/subtitles" if job.subtitles else None,
    )
