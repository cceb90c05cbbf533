"""The service of jobs: what the web may do with them. Combines the repository, the files and the runner."""

from __future__ import annotations

import logging
import re
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Engine

from lipsync.errors import LipsyncError
from lipsync.jobs.cleanup import remove_abandoned_everywhere, remove_expired
from lipsync.jobs.errors import CapacityError, JobError
from lipsync.jobs.estimates import QueueEstimate, ThroughputEstimator
from lipsync.jobs.events import JobEvents
from lipsync.jobs.job import BACKGROUND_IMAGE, Job, State
from lipsync.jobs.memory_guard import check_memory
from lipsync.jobs.repository import JobRepository
from lipsync.jobs.run_job import run_job
from lipsync.jobs.runner import LocalRunner
from lipsync.jobs.submission import RemotePicture, digest_of, new_job_row, require_same_request
from lipsync.messages import Message
from lipsync.pipeline.parse_request import framing_of
from lipsync.pipeline.request import VideoRequestFields
from lipsync.pipeline.video_service import VideoService
from lipsync.runtime import logs
from lipsync.runtime.threads import available_cores, plan_threads
from lipsync.settings import Settings
from lipsync.storage.database import BUSY_TIMEOUT_S
from lipsync.storage.errors import DatabaseError
from lipsync.storage.files import FileStore, work_key

log = logging.getLogger(__name__)

_CLEANUP_INTERVAL_S = 10.0
_IDEMPOTENCY_KEY = re.compile(r"[!-~]{1,200}")


class Jobs:
    """Submits, follows and cancels the jobs of all callers. One instance a process; safe for many threads."""

    def __init__(
        self,
        settings: Settings,
        engine: Engine,
        service: Callable[[], VideoService],
        *,
        shortage: Callable[[], str | None] = lambda: None,
        is_stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        """``service`` returns the loaded service or raises the error not_ready; ``shortage`` and ``is_stopping`` are
        as in :class:`LocalRunner`. Raises StorageError, DatabaseError."""
        self._settings, self._service, self._is_stopping = settings, service, is_stopping
        self.repository, self.events, self.files = JobRepository(engine), JobEvents(), FileStore(settings.outputs)
        self.throughput = ThroughputEstimator(self.repository)
        self.on_end: list[Callable[[Job], None]] = []
        """Callbacks for each job that has ended, called in the runner's thread or in that of the canceller."""
        self.on_cleanup: list[Callable[[], None]] = []
        """Callbacks of the periodic cleanup, which delete what else has expired."""
        self._max_concurrent = plan_threads(available_cores(), settings.max_concurrent_renders).renders
        self._submitting = threading.Lock()
        self._closed = threading.Event()
        self.runner = LocalRunner(
            self.repository,
            settings.state.expanduser().absolute() / "runners",
            self._run,
            max_concurrent=self._max_concurrent,
            shortage=lambda: self._why_not_ready() or shortage(),
            is_stopping=is_stopping,
            subscribed_ids=self.events.subscribed_ids,
        )

    def start(self) -> None:
        """Resume the jobs that an earlier process left, and start the periodic cleanup.

        When it returns, no job of a dead process is in the state ``running``, unless the database cannot be written.
        """
        self._log_failure(self.runner.recover)
        threading.Thread(target=self._clean_up, name="cleanup", daemon=True).start()

    def close(self) -> None:
        """Stop the runner and requeue what is not finished, for the next process."""
        self._closed.set()
        self.runner.close()

    # --- requests of callers

    def submit(
        self,
        fields: VideoRequestFields,
        picture: bytes | RemotePicture | None,
        *,
        owner: str,
        likely: Sequence[str] = (),
        idempotency_key: str | None = None,
        webhook: str | None = None,
        request: str = "",
        background_image: bytes | None = None,
    ) -> Job:
        """Create a job, or return the one that the caller has already created with this idempotency key.

        All defaults of ``fields`` are decided here, so that settings which change before the render do not change
        the video. ``likely`` is as in :func:`lipsync.pipeline.parse_request.parse_request`, ``webhook`` is a checked
        URL, ``request`` an id for the log, ``background_image`` a picture file for behind the person. Raises
        CapacityError, JobError, StorageError, DatabaseError, the error not_ready, and what the parsing of the request
        and the download of the picture raise.
        """
        if self._is_stopping() or self._closed.is_set():
            raise CapacityError("stopping")
        if idempotency_key is not None and not _IDEMPOTENCY_KEY.fullmatch(idempotency_key):
            raise JobError("idempotency_key")
        digest = digest_of(fields, likely, picture, webhook, background_image)
        if idempotency_key is not None:
            earlier = self.repository.find_by_idempotency_key(owner, idempotency_key)
            if earlier is not None:
                return require_same_request(earlier, digest)
        if isinstance(picture, RemotePicture):
            self._check_capacity_for(owner)  # before the download, which would be in vain
            picture = picture.fetch()
        parsed = self._service().parse(fields, picture, likely=likely, background_image=background_image)
        if background_image is not None:
            check_memory(background_image, self._settings)
        if picture is not None:
            check_memory(picture, self._settings, framing_of(fields).size, transparent=parsed.is_transparent)
        id = secrets.token_hex(16)
        row = {
            **new_job_row(id, parsed),
            "owner": owner,
            "request": request,
            "idempotency_key": idempotency_key,
            "digest": digest,
            "webhook": webhook,
            "webhook_state": "waiting" if webhook else None,
        }
        # The picture: the caller's own, or the file that is the default avatar now.
        kept = {row["picture"]: parsed.picture, work_key(id, BACKGROUND_IMAGE): background_image}
        files = {key: file for key, file in kept.items() if file is not None}
        with self._submission_lock():
            self._check_capacity_for(owner)
            for key, file in files.items():
                self.files.put(key, file)
            try:
                is_new = self.repository.add(row)
            except LipsyncError:
                self.files.remove(files)
                raise
        if not is_new:  # the same request came twice at the same time
            self.files.remove(files)
            earlier = self.repository.find_by_idempotency_key(owner, idempotency_key or "")
            return require_same_request(self._require(earlier), digest)
        with logs.about(job=id):
            logs.text(fields.text)
        self.runner.submit(id)
        return self._require(self.repository.find(id))

    def get(self, id: str, owner: str | None) -> Job:
        """Return the caller's job, or that of any caller without ``owner``. Raises JobError job_unknown."""
        job = self.repository.find(id) if re.fullmatch(r"[0-9a-f]{32}", id) else None
        if job is None or owner not in (None, job.owner):
            raise JobError("job_unknown")
        return job

    def recent_jobs(self, owner: str | None, limit: int) -> list[Job]:
        """Return the last jobs of a caller, or of all, the newest first. Raises DatabaseError."""
        return self.repository.recent_jobs(owner, limit)

    def cancel(self, id: str, owner: str | None, *, delete: bool = True) -> Job:
        """Cancel the job and return it. One that has ended is deleted with its video, where ``delete``.

        Raises JobError job_unknown.
        """
        job = self.get(id, owner)
        if self.repository.cancel(id):
            self.runner.cancel(id)
            self.events.notify(id)
            job = self.get(id, owner)
            self._call_on_end(job)
        elif delete:
            self.repository.delete(id)
            self.files.remove(job.file_keys)
        return job

    def follow(self, id: str, owner: str | None, *, interval_s: float = 1.0) -> Iterator[Job]:
        """Yield the job now, after each of its events and at least every ``interval_s`` seconds, until it has ended.

        The job that has ended is yielded last. Raises JobError job_unknown, also when the job is deleted meanwhile.
        """
        self.events.subscribe(id)
        try:
            while True:
                seen = self.events.count(id)
                job = self.get(id, owner)
                yield job
                if job.has_ended:
                    return
                self.events.wait(id, seen, interval_s)
        finally:
            self.events.unsubscribe(id)

    # --- state of the queue

    def estimate(self) -> QueueEstimate:
        """Return a snapshot of the queue, for positions and remaining times."""
        return QueueEstimate(self.repository, self.throughput, self._max_concurrent)

    def count_by_state(self) -> dict[State, int]:
        """Return the number of jobs in each state. Raises DatabaseError."""
        return self.repository.count_by_state()

    def count_queued(self) -> int:
        """Return the number of waiting jobs. Raises DatabaseError."""
        return self.repository.count_queued()

    def check_capacity(self) -> None:
        """Raise CapacityError queue_full if no further job may wait. Raises DatabaseError."""
        queued = self.repository.count_queued()
        if queued >= self._settings.max_queued:
            characters = sum(job.characters for job in self.repository.queued_jobs())
            per_job_s = self.throughput.seconds(characters) / max(1, queued)
            seconds = max(1, round(per_job_s / self._max_concurrent))
            raise CapacityError("queue_full", waiting=queued, seconds=seconds)

    # --- internals

    @contextmanager
    def _submission_lock(self) -> Iterator[None]:
        """Let one submission at a time count the queue and add to it, so that its limit holds.

        Raises DatabaseError where the lock is not free within the time that the database itself would be waited for.
        """
        if not self._submitting.acquire(timeout=BUSY_TIMEOUT_S):
            raise DatabaseError("database_busy", reason=Message("cause.others_wait"))
        try:
            yield
        finally:
            self._submitting.release()

    def _check_capacity_for(self, owner: str) -> None:
        self.check_capacity()
        queued = self.repository.count_queued(owner)
        if queued >= self._settings.max_queued_per_caller:
            raise CapacityError("too_many_jobs", waiting=queued)

    @staticmethod
    def _require(job: Job | None) -> Job:
        if job is None:  # deleted by another request
            raise JobError("job_unknown")
        return job

    def _why_not_ready(self) -> str | None:
        try:
            self._service()
        except LipsyncError as error:
            return str(error)
        return None

    def _run(self, id: str, runner: str, check_stop: Callable[[], None]) -> None:
        start = time.monotonic()
        job = run_job(
            id,
            runner,
            repository=self.repository,
            files=self.files,
            service=self._service(),
            events=self.events,
            check_stop=check_stop,
        )
        if job is not None:
            if job.state == "done":
                self.throughput.record(job.characters, time.monotonic() - start)
            self._call_on_end(job)

    def _call_on_end(self, job: Job) -> None:
        for callback in self.on_end:
            try:
                callback(job)
            except Exception:  # an observer must not stop the runner
                log.exception("job %s", job.id)

    def _clean_up(self) -> None:
        self._log_failure(lambda: remove_abandoned_everywhere(self._settings))
        while True:
            self._log_failure(lambda: remove_expired(self.repository, self.files, self._settings))
            for callback in self.on_cleanup:
                self._log_failure(callback)
            if self._closed.wait(_CLEANUP_INTERVAL_S):
                return
            self._log_failure(self.runner.recover)

    @staticmethod
    def _log_failure(task: Callable[[], None]) -> None:
        """Run a task whose failure is logged only: the next round tries it again."""
        try:
            task()
        except (LipsyncError, OSError) as error:
            log.warning("cleanup: %s", error)
        except Exception:
            log.exception("cleanup")
