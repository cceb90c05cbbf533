"""Runners of jobs: the protocol, and the runner that uses threads of this process."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from lipsync.errors import LipsyncError
from lipsync.jobs.repository import JobRepository
from lipsync.jobs.run_job import Requeued
from lipsync.jobs.runner_lock import RunnerLock
from lipsync.runtime.progress import Cancelled

log = logging.getLogger(__name__)

_RETRY_S = 0.5
"""Seconds until a runner that may not start a job tries again."""

RunJob = Callable[[str, str, Callable[[], None]], None]
"""Runs one job: its id, the runner's name, and a function that raises Cancelled or Requeued when it has to stop."""


class Runner(Protocol):
    """Runs jobs. Their progress and their end are written to the repository."""

    def submit(self, id: str) -> None:
        """Run the job, which is queued in the repository, when its turn comes."""
        ...

    def cancel(self, id: str) -> None:
        """Stop running the job, which is cancelled in the repository."""
        ...

    def recover(self) -> None:
        """Requeue the jobs of runners that died, and start what is queued."""
        ...

    def close(self) -> None:
        """Start no further jobs, and requeue those that are not finished."""
        ...


class LocalRunner:
    """Runs up to ``max_concurrent`` jobs at a time in threads of this process.

    A thread lives as long as there is work. Which job is next, the repository decides when a thread is free.
    """

    def __init__(
        self,
        repository: JobRepository,
        folder: Path,
        run_job: RunJob,
        *,
        max_concurrent: int,
        shortage: Callable[[], str | None] = lambda: None,
        is_stopping: Callable[[], bool] = lambda: False,
        subscribed_ids: Callable[[], set[str]] = set,
    ) -> None:
        """``folder`` holds the lock files of the runners. ``shortage`` returns why no job may start now, such as too
        little memory, or None. While ``is_stopping``, only the jobs of ``subscribed_ids`` are started. Raises
        StorageError."""
        self.name = secrets.token_hex(8)
        self._repository, self._run_job, self._max_concurrent = repository, run_job, max_concurrent
        self._shortage, self._is_stopping, self._subscribed_ids = shortage, is_stopping, subscribed_ids
        self._runner_lock = RunnerLock(folder, self.name)
        self._lock = threading.Lock()
        self._threads: set[threading.Thread] = set()
        self._submissions = 0
        self._cancelled: dict[str, threading.Event] = {}
        self._closed = threading.Event()

    def submit(self, id: str) -> None:  # noqa: ARG002 - the repository knows which one is next
        """Make sure that a thread looks for the next job, which need not be this one."""
        with self._lock:
            self._submissions += 1
            if self._closed.is_set() or len(self._threads) >= self._max_concurrent:
                return
            thread = threading.Thread(target=self._run, name="render", daemon=True)
            self._threads.add(thread)
        thread.start()

    def cancel(self, id: str) -> None:
        """Stop running the job, which is cancelled in the repository; nothing happens if it does not run here."""
        with self._lock:
            cancelled = self._cancelled.get(id)
        if cancelled is not None:
            cancelled.set()

    def recover(self) -> None:
        """Requeue the jobs of runners that died, and start what is queued. Called at start and periodically."""
        for name in self._repository.active_runners() - {self.name}:
            if not self._runner_lock.is_alive(name) and (count := self._repository.requeue_orphaned(name)):
                log.warning("%d jobs of a process that died were requeued", count)
        for _ in range(min(self._max_concurrent, self._repository.count_queued())):
            self.submit("")

    def close(self, timeout_s: float = 10.0) -> None:
        """Start no further jobs; a running job is abandoned at its next frame and requeued."""
        if self._closed.is_set():
            return
        self._closed.set()
        end = time.monotonic() + timeout_s
        with self._lock:
            threads = list(self._threads)
        for thread in threads:
            thread.join(max(0.0, end - time.monotonic()))
        try:
            if count := self._repository.requeue_running(self.name):
                log.info("%d jobs were requeued: they run after the restart", count)
        except LipsyncError as error:  # the next process finds that this runner is dead
            log.warning("the running jobs could not be requeued: %s", error)
        self._runner_lock.release()

    # --- one thread

    def _run(self) -> None:
        this_thread = threading.current_thread()
        while True:
            with self._lock:
                submissions = self._submissions
            if self._run_next():
                continue
            with self._lock:
                if submissions == self._submissions or self._closed.is_set():
                    self._threads.discard(this_thread)
                    return

    def _run_next(self) -> bool:
        """Run the next job; False if this thread found no job."""
        id = self._claim()
        if id is None:
            return False
        cancelled = threading.Event()
        with self._lock:
            self._cancelled[id] = cancelled

        def check_stop() -> None:
            if cancelled.is_set():
                raise Cancelled
            if self._closed.is_set():
                raise Requeued

        try:
            self._run_job(id, self.name, check_stop)
        except Exception:  # a thread that dies would leave its slot empty
            log.exception("job %s", id)
        finally:
            with self._lock:
                del self._cancelled[id]
        return True

    def _claim(self) -> str | None:
        """Claim the next job and return its id; None if none is queued. Waits while there is a shortage."""
        warned = False
        while not self._closed.is_set():
            try:
                among = self._subscribed_ids() if self._is_stopping() else None
                reason = self._shortage() if among is None or among else None
                if reason is None:
                    job = self._repository.claim(self.name, among)
                    return job.id if job else None
                if not self._repository.count_queued():
                    return None
            except LipsyncError as error:
                reason = str(error)
            if not warned:
                log.warning("no job is started: %s", reason)
                warned = True
            self._closed.wait(_RETRY_S)
        return None
