"""All that is done with jobs: the web knows this class, and through it the book, the files and the runner."""

from __future__ import annotations

import logging
import re
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine

from lipsync import logs
from lipsync.errors import LipsyncError
from lipsync.jobs.bells import Bells
from lipsync.jobs.book import Book
from lipsync.jobs.database import BUSY
from lipsync.jobs.files import FileStore
from lipsync.jobs.house import tidy
from lipsync.jobs.job import Job, State
from lipsync.jobs.memory import check_memory
from lipsync.jobs.outlook import Outlook
from lipsync.jobs.pace import Pace
from lipsync.jobs.runner import LocalRunner
from lipsync.jobs.submission import Distant, Service, digest_of, row_of, same
from lipsync.jobs.work import make
from lipsync.settings import Settings
from lipsync.threads import available_cores, plan_threads

log = logging.getLogger(__name__)

_HOUSEKEEPING = 10.0
"""Seconds between two rounds."""
_KEY = re.compile(r"[!-~]{1,200}")


class Jobs:
    """The jobs of all callers. Made once; safe for many threads."""

    def __init__(
        self,
        settings: Settings,
        engine: Engine,
        service: Callable[[], Service],
        *,
        why_not: Callable[[], str | None] = lambda: None,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        """``service`` gives the loaded service or raises LipsyncError not_ready; ``why_not`` and ``stopping`` are as
        in :class:`LocalRunner`. Raises LipsyncError: cannot_write, database_busy."""
        self._settings, self._service, self._stopping = settings, service, stopping
        self.book, self.bells, self.files = Book(engine), Bells(), FileStore(settings.outputs)
        self.pace = Pace(self.book)
        self.on_end: list[Callable[[Job], None]] = []
        """Called in the runner's thread, or that of who cancels, with each job that has ended."""
        self._places = plan_threads(available_cores(), settings.renders).renders
        self._submitting = threading.Lock()
        self._closed = threading.Event()
        self.runner = LocalRunner(
            self.book,
            settings.state.expanduser().absolute() / "runners",
            self._make,
            places=self._places,
            why_not=lambda: self._not_ready() or why_not(),
            stopping=stopping,
            awaited=self.bells.followed,
        )

    def start(self) -> None:
        """Go on with what an earlier process left, and keep house from now on.

        When it returns, no job is told to be running whose process died, unless the database lets nobody write.
        """
        self._unless_it_fails(self.runner.recover)
        threading.Thread(target=self._keep_house, name="housekeeper", daemon=True).start()

    def close(self) -> None:
        """Hand back what is not finished, for the next process."""
        self._closed.set()
        self.runner.close()

    # --- what callers do

    def submit(
        self,
        wanted: Mapping[str, Any],
        picture: bytes | Distant | None,
        *,
        owner: str,
        idempotency_key: str | None = None,
        webhook: str | None = None,
        request: str = "",
    ) -> Job:
        """A new job, or the one that the caller has under this key already.

        ``wanted`` are the fields of a request (:class:`lipsync.order.Wanted`, no paths), ``webhook`` is an address
        that has been checked, ``request`` an id for the log. Raises LipsyncError: stopping, not_ready, what the
        fetching and the service's check raise, render_too_large, picture_too_large, idempotency_key,
        idempotency_reused, queue_full, too_many_jobs, cannot_write, database_busy.
        """
        if self._stopping() or self._closed.is_set():
            raise LipsyncError("stopping")
        if idempotency_key is not None and not _KEY.fullmatch(idempotency_key):
            raise LipsyncError("idempotency_key")
        wanted = {name: value for name, value in wanted.items() if value is not None}
        digest = digest_of(wanted, picture, webhook)
        if idempotency_key is not None and (earlier := self.book.of_key(owner, idempotency_key)):
            return same(earlier, digest)
        if isinstance(picture, Distant):
            self._has_room(owner)  # or it would be fetched for nothing
            picture = picture.fetch()
        complete: Any = {**wanted, "picture": picture}
        checked = self._service().check(**complete)
        if picture is not None:
            check_memory(picture, self._settings)
        id = secrets.token_hex(16)
        row = {
            **row_of(id, wanted, checked, has_picture=picture is not None),
            "owner": owner,
            "request": request,
            "idempotency_key": idempotency_key,
            "digest": digest,
            "webhook": webhook,
            "webhook_state": "waiting" if webhook else None,
        }
        with self._one_at_a_time():
            self._has_room(owner)
            if picture is not None:
                self.files.put(row["picture"], picture)
            try:
                new = self.book.add(row)
            except LipsyncError:
                self.files.remove([row["picture"]] if picture is not None else [])
                raise
        if not new:  # the same request came twice at the same time
            self.files.remove([row["picture"]] if picture is not None else [])
            return same(self._known(self.book.of_key(owner, idempotency_key or "")), digest)
        with logs.about(job=id):
            logs.text(str(wanted["text"]))
        self.runner.submit(id)
        return self._known(self.book.find(id))

    def get(self, id: str, owner: str | None) -> Job:
        """The caller's job; of any caller where ``owner`` is None. Raises LipsyncError job_unknown."""
        job = self.book.find(id) if re.fullmatch(r"[0-9a-f]{32}", id) else None
        if job is None or owner not in (None, job.owner):
            raise LipsyncError("job_unknown")
        return job

    def recent(self, owner: str | None, limit: int) -> list[Job]:
        """The last jobs of a caller, or of all, the newest first."""
        return self.book.recent(owner, limit)

    def cancel(self, id: str, owner: str | None, *, forget: bool = True) -> Job:
        """Nobody wants the job any more. One that has ended is forgotten, with its video, where ``forget`` says so.

        Raises LipsyncError job_unknown.
        """
        job = self.get(id, owner)
        if self.book.cancel(id):
            self.runner.cancel(id)
            self.bells.ring(id)
            job = self.get(id, owner)
            self._ended(job)
        elif forget:
            self.book.forget(id)
            self.files.remove(job.made)
        return job

    def follow(self, id: str, owner: str | None, *, beat: float = 1.0) -> Iterator[Job]:
        """The job now, and again whenever something has happened to it, and after ``beat`` seconds in any case; last
        when it has ended. Raises LipsyncError job_unknown at the first taking, or when it is forgotten."""
        self.bells.follow(id)
        try:
            while True:
                seen = self.bells.count(id)
                job = self.get(id, owner)
                yield job
                if job.has_ended:
                    return
                self.bells.wait(id, seen, beat)
        finally:
            self.bells.leave(id)

    # --- what is known

    def outlook(self) -> Outlook:
        """What jobs may expect now."""
        return Outlook(self.book, self.pace, self._places)

    def counts(self) -> dict[State, int]:
        """How many jobs are in each state."""
        return self.book.counts()

    def queued(self) -> int:
        """How many wait."""
        return self.book.queued()

    def check_room(self) -> None:
        """Whether another job may wait. Raises LipsyncError: queue_full, database_busy."""
        waiting = self.book.queued()
        if waiting >= self._settings.queue:
            characters = sum(one.characters for one in self.book.waiting())
            seconds = max(1, round(self.pace.seconds(characters) / max(1, waiting) / self._places))
            raise LipsyncError("queue_full", waiting=waiting, seconds=seconds)

    # --- how

    @contextmanager
    def _one_at_a_time(self) -> Iterator[None]:
        """So that no more wait than may. Who comes while the database lets nobody write waits once, not in a line."""
        if not self._submitting.acquire(timeout=BUSY):
            raise LipsyncError("database_busy", reason="others wait for it")
        try:
            yield
        finally:
            self._submitting.release()

    def _has_room(self, owner: str) -> None:
        self.check_room()
        mine = self.book.queued(owner)
        if mine >= self._settings.queue_per_caller:
            raise LipsyncError("too_many_jobs", waiting=mine)

    @staticmethod
    def _known(job: Job | None) -> Job:
        if job is None:  # deleted in this very moment
            raise LipsyncError("job_unknown")
        return job

    def _not_ready(self) -> str | None:
        try:
            self._service()
        except LipsyncError as error:
            return str(error)
        return None

    def _make(self, id: str, runner: str, stop: Callable[[], None]) -> None:
        began = time.monotonic()
        job = make(id, runner, book=self.book, files=self.files, maker=self._service(), bells=self.bells, stop=stop)
        if job is not None:
            if job.state == "done":
                self.pace.learn(job.characters, time.monotonic() - began)
            self._ended(job)

    def _ended(self, job: Job) -> None:
        for told in self.on_end:
            try:
                told(job)
            except Exception:  # who looks on does not stop the work
                log.exception("job %s", job.id)

    def _keep_house(self) -> None:
        while True:
            self._unless_it_fails(lambda: tidy(self.book, self.files, self._settings))
            if self._closed.wait(_HOUSEKEEPING):
                return
            self._unless_it_fails(self.runner.recover)

    @staticmethod
    def _unless_it_fails(duty: Callable[[], None]) -> None:
        """Do a part of the housekeeping; what is in its way now may be gone at the next round."""
        try:
            duty()
        except (LipsyncError, OSError) as error:
            log.warning("housekeeping: %s", error)
        except Exception:
            log.exception("housekeeping")
