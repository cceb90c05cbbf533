"""Making one job's video. All that is given is its id: the rest lies in the book and in the store of files."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, Unpack

from lipsync import logs
from lipsync.avatar_part import AvatarPart
from lipsync.errors import LipsyncError
from lipsync.jobs.bells import Bells
from lipsync.jobs.book import Book
from lipsync.jobs.files import FileStore
from lipsync.jobs.job import Failure, Job, Made
from lipsync.order import Wanted
from lipsync.progress import Cancelled, Progress, Stage
from lipsync.speech.fallback import Fallback

log = logging.getLogger(__name__)

REPORT = 0.25
"""Seconds between two reports of progress: often enough for a person, seldom enough for a database."""
PICTURE = "picture"
_RESPITE = 10.0
"""Seconds without a report after one that could not be written down."""

_PATIENCE = (0.5, 1.0, 2.0, 5.0, 10.0, *(30.0,) * 20)
"""Seconds between attempts to write down that a job has ended, while the database cannot be used."""


class HandedBack(Cancelled):
    """The process ends: another one shall make the video."""


class Clip(Protocol):
    """What is to be known of a finished video, as in :class:`lipsync.service.Result`."""

    @property
    def duration(self) -> float: ...
    @property
    def frames(self) -> int: ...
    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...
    @property
    def picture_width(self) -> int | None: ...
    @property
    def picture_height(self) -> int | None: ...
    @property
    def fps(self) -> int: ...
    @property
    def voice(self) -> str: ...
    @property
    def engine(self) -> str: ...
    @property
    def portrait(self) -> str: ...
    @property
    def avatar_part(self) -> AvatarPart | None: ...
    @property
    def fallbacks(self) -> Sequence[Fallback]: ...
    @property
    def timings(self) -> Mapping[str, float]: ...


class Maker(Protocol):
    """What makes videos: :class:`lipsync.service.LipsyncService` is one."""

    def generate(
        self,
        *,
        output: Path | None = None,
        stream: Path | None = None,
        progress: Progress | None = None,
        **wanted: Unpack[Wanted],
    ) -> Clip: ...


def make(
    id: str,
    runner: str,
    *,
    book: Book,
    files: FileStore,
    maker: Maker,
    bells: Bells,
    stop: Callable[[], None],
    sleep: Callable[[float], None] = time.sleep,
) -> Job | None:
    """Make the video of the job ``id``, which ``runner`` has claimed, and write down how it ended.

    ``stop`` raises Cancelled when nobody wants the video any more, HandedBack when another process shall make it. The
    job as it is afterwards; None when it is no longer the runner's. Nothing is raised: what goes wrong is the job's.
    """
    job = book.find(id)
    if job is None or job.wanted is None:
        return None
    with logs.about(job=id, request=job.request):
        try:
            clip = _generate(job, runner, book, files, maker, bells, stop)
            ended = _settled(lambda: book.done(id, runner, _made(clip)), sleep)
        except HandedBack:
            return None
        except Cancelled:
            ended = False
        except Exception as error:
            problem = _problem(job, error)
            ended = _settled(lambda: book.failed(id, runner, Failure.of(problem)), sleep)
        now = book.find(id) if ended else None
        if now is None or now.state != "done":
            files.remove(job.made)
        files.remove([job.picture] if job.picture else [])
        bells.ring(id)
        return now


def _generate(
    job: Job, runner: str, book: Book, files: FileStore, maker: Maker, bells: Bells, stop: Callable[[], None]
) -> Clip:
    last = 0.0

    def report(stage: Stage, done: float) -> None:
        nonlocal last
        stop()
        now = time.monotonic()
        if now - last < REPORT:
            return
        last = now
        try:
            still_mine = book.report(job.id, runner, stage, round(done, 4))
        except LipsyncError as error:  # the video is worth more than the report of how far it is
            log.warning("how far it is cannot be written down: %s", error)
            last = time.monotonic() + _RESPITE  # each attempt holds up the video
            return
        if not still_mine:
            raise Cancelled
        bells.ring(job.id)

    wanted: Any = {**(job.wanted or {}), "picture": files.get(job.picture) if job.picture else None}
    return maker.generate(output=files.path(job.video), stream=files.path(job.stream), progress=report, **wanted)


def _problem(job: Job, error: Exception) -> LipsyncError:
    """What is written down of an error; what nobody foresaw is in the log."""
    if isinstance(error, LipsyncError):
        if error.status >= 500:
            log.error("%s", error, exc_info=error)
        return error
    log.error("the job failed", exc_info=error)
    return LipsyncError("internal", request=job.request or job.id)


def _settled(write: Callable[[], bool], sleep: Callable[[float], None]) -> bool:
    """What ``write`` says once the database can be used."""
    for seconds in _PATIENCE:
        try:
            return write()
        except LipsyncError as error:
            log.warning("how a job ended cannot be written down yet: %s", error)
            sleep(seconds)
    log.error("how a job ended could not be written down: it is made again after a restart")
    return False


def _made(clip: Clip) -> Made:
    return Made(
        duration=clip.duration,
        frames=clip.frames,
        width=clip.width,
        height=clip.height,
        picture_width=clip.picture_width,
        picture_height=clip.picture_height,
        fps=clip.fps,
        voice=clip.voice,
        engine=clip.engine,
        portrait=clip.portrait,
        avatar_part=clip.avatar_part,
        fallbacks=tuple(clip.fallbacks),
        timings=dict(clip.timings),
    )
