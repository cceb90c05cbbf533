"""Renders the video of one job. Its id is enough: the rest is in the database and in the file store."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError

from lipsync.errors import InternalError, LipsyncError
from lipsync.jobs.events import JobEvents
from lipsync.jobs.job import Failure, Job
from lipsync.jobs.repository import JobRepository
from lipsync.pipeline.field_errors import read_fields
from lipsync.pipeline.request import VideoRequest, VideoRequestFields
from lipsync.pipeline.result import VideoFacts
from lipsync.pipeline.video_service import VideoService
from lipsync.runtime import logs
from lipsync.runtime.progress import Cancelled, Stage
from lipsync.storage.files import FileStore

log = logging.getLogger(__name__)

REPORT_INTERVAL_S = 0.25
"""Seconds between two reports of progress: frequent enough for a person, rare enough for a database."""
PICTURE = "picture"
REPORT_BACKOFF_S = 10.0
"""Seconds without reports after one that the database did not accept."""

WRITE_RETRY_DELAYS_S = (0.5, 1.0, 2.0, 5.0, 10.0, *(30.0,) * 20)
"""Seconds between attempts to write how a job ended, while the database is unavailable."""


class Requeued(Cancelled):
    """This process ends; another one renders the video."""


def run_job(
    id: str,
    runner: str,
    *,
    repository: JobRepository,
    files: FileStore,
    service: VideoService,
    events: JobEvents,
    check_stop: Callable[[], None],
    sleep: Callable[[float], None] = time.sleep,
) -> Job | None:
    """Render the video of the job ``id``, which ``runner`` has claimed, and write how it ended.

    ``check_stop`` raises Cancelled when the video is not needed any longer, Requeued when another process has to
    render it.
    Returns the job as it is afterwards; None when it is no longer the runner's. Raises nothing: errors are the job's.
    """
    job = repository.find(id)
    if job is None or job.video_request is None:
        return None
    with logs.about(job=id, request=job.request):
        try:
            video = _generate(job, runner, repository, files, service, events, check_stop)
            ended = _write_with_retry(lambda: repository.mark_done(id, runner, video), sleep)
        except Requeued:
            return None
        except Cancelled:
            ended = False
        except Exception as error:
            problem = _problem(job, error)
            ended = _write_with_retry(lambda: repository.mark_failed(id, runner, Failure.of(problem)), sleep)
        now = repository.find(id) if ended else None
        if now is None or now.state != "done":
            files.remove(job.file_keys)
        files.remove([key for key in (job.picture, job.background_image) if key])
        events.notify(id)
        return now


def _generate(
    job: Job,
    runner: str,
    repository: JobRepository,
    files: FileStore,
    service: VideoService,
    events: JobEvents,
    check_stop: Callable[[], None],
) -> VideoFacts:
    last = 0.0

    def report(stage: Stage, done: float) -> None:
        nonlocal last
        check_stop()
        now = time.monotonic()
        if now - last < REPORT_INTERVAL_S:
            return
        last = now
        try:
            is_owned = repository.report(job.id, runner, stage, round(done, 4))
        except LipsyncError as error:  # the video is worth more than the report
            log.warning("the progress cannot be written: %s", error)
            last = time.monotonic() + REPORT_BACKOFF_S  # each attempt delays the video
            return
        if not is_owned:
            raise Cancelled
        events.notify(job.id)

    picture = files.get(job.picture) if job.picture else None
    background_image = files.get(job.background_image) if job.background_image else None
    request, picture = restore_stored_request(job.video_request or {}, picture, service)
    return service.generate(
        request,
        picture=picture,
        background_image=background_image,
        output=files.path(job.video_key),
        stream=files.path(job.stream) if job.has_stream else None,
        phones=files.path(job.phones_key),
        progress=report,
    ).facts


def restore_stored_request(
    stored: Mapping[str, Any], picture: bytes | None, service: VideoService
) -> tuple[VideoRequest, bytes | None]:
    """The request that a job stores, and the picture that it refers to.

    Version 0.1 stored requests without defaults: they are decided now. Raises LipsyncError: what
    :meth:`lipsync.pipeline.service.LipsyncService.parse` raises, for those.
    """
    try:
        return VideoRequest.model_validate(stored), picture
    except ValidationError:
        fields = {name: value for name, value in stored.items() if name != "likely"}
        parsed = service.parse(read_fields(VideoRequestFields, fields), picture, likely=stored.get("likely") or ())
        return parsed.request, parsed.picture


def _problem(job: Job, error: Exception) -> LipsyncError:
    """The error that the job stores; the log has the details of an unexpected one."""
    if isinstance(error, LipsyncError):
        if error.is_server_fault:
            log.error("%s", error, exc_info=error)
        return error
    log.error("the job failed", exc_info=error)
    return InternalError("internal", request=job.request or job.id)


def _write_with_retry(write: Callable[[], bool], sleep: Callable[[float], None]) -> bool:
    """The result of ``write`` once the database is available."""
    for seconds in WRITE_RETRY_DELAYS_S:
        try:
            return write()
        except LipsyncError as error:
            log.warning("how a job ended cannot be written yet: %s", error)
            sleep(seconds)
    log.error("how a job ended could not be written: it is rendered again after a restart")
    return False
