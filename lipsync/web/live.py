"""What goes on for as long as a job does: its events, and its video while it is made."""

from __future__ import annotations

import errno
import json
import logging
from collections.abc import Callable, Iterator
from io import RawIOBase
from pathlib import Path
from threading import Lock

from lipsync.errors import LipsyncError
from lipsync.jobs.job import Job
from lipsync.jobs.jobs import Jobs

log = logging.getLogger(__name__)

_BEAT = 1.0
"""Seconds after which a job is looked at again although nothing was heard of it: another process may make it."""
_KEEP_ALIVE = 10
"""Beats without news after which a comment is sent, so that proxies do not hang up and one who left is noticed."""
_LOOK = 0.03
"""Seconds until a growing file is read on."""
_PIECE = 65_536


class Watchers:
    """How many follow live, and that they are not too many. Safe for many threads."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = Lock()
        self.now = 0
        """How many there are."""

    def admitted(self, content: Iterator[bytes], left: Callable[[], None] = lambda: None) -> Iterator[bytes]:
        """``content``, begun: its first piece is made before this returns, so that what is wrong can still be said.

        ``left`` is called when the client went away before the end. Raises LipsyncError too_many_streams, and what
        the first piece raises.
        """
        with self._lock:
            if self.now >= self._limit:
                raise LipsyncError("too_many_streams", limit=self._limit)
            self.now += 1
        watched = self._watched(content, left)
        next(watched)  # now it has begun: it will come to its end, and give its place back
        return watched

    def _watched(self, content: Iterator[bytes], left: Callable[[], None]) -> Iterator[bytes]:
        try:
            first = next(content, b"")
            yield b""  # for admitted()
            if first:
                yield first
            yield from content
        except GeneratorExit:
            left()
            raise
        finally:
            with self._lock:
                self.now -= 1


def events(
    jobs: Jobs, id: str, owner: str, tell: Callable[[Job], object], stopping: Callable[[], bool]
) -> Iterator[bytes]:
    """The job as server-sent events (HTML Living Standard, 9.2), each time that it is another, until it has ended.

    Raises LipsyncError job_unknown.
    """
    last, quiet = "", 0
    for job in jobs.follow(id, owner, beat=_BEAT):
        said = json.dumps(tell(job), ensure_ascii=False)
        if said != last:
            yield f"event: job\ndata: {said}\n\n".encode()
            last, quiet = said, 0
        elif (quiet := quiet + 1) % _KEEP_ALIVE == 0:
            yield b": \n\n"
        if stopping():  # the client comes again
            return


def growing(jobs: Jobs, id: str, owner: str, finished: Callable[[Job], Path]) -> Iterator[bytes]:
    """The bytes of the job's video while it is made: fragmented MP4, or the finished file when it was done before.

    What ``finished`` gives is read when there is no stream any more. Raises LipsyncError: job_unknown, and before the
    first byte why there is no video; afterwards ConnectionResetError, which breaks the answer off.
    """
    sent = 0
    jobs.bells.follow(id)
    try:
        job, file = _begun(jobs, id, owner, finished)
        with file:
            idle = 0
            while True:
                if piece := file.read(_PIECE):
                    sent, idle = sent + len(piece), 0
                    yield piece
                elif job.state != "running":
                    break
                else:
                    seen = jobs.bells.count(id)
                    jobs.bells.wait(id, seen, _LOOK)
                    idle += 1
                    if jobs.bells.count(id) > seen or idle * _LOOK > _BEAT / 2:
                        job, idle = jobs.get(id, owner), 0
        if job.state != "done":
            raise job.problem()
    except LipsyncError as error:
        if not sent:
            raise
        log.warning("the stream of job %s broke off: %s", id, error)
        raise ConnectionResetError(errno.ECONNRESET, "the video cannot be finished") from error
    finally:
        jobs.bells.leave(id)


def _begun(jobs: Jobs, id: str, owner: str, finished: Callable[[Job], Path]) -> tuple[Job, RawIOBase]:
    """The job once there is something to read of it, and what there is. Raises LipsyncError."""
    while True:
        seen = jobs.bells.count(id)
        job = jobs.get(id, owner)
        if job.state != "queued" and (file := _opened(jobs.files.path(job.stream))):
            return job, file
        if job.state == "done":
            return job, finished(job).open("rb", buffering=0)
        if job.has_ended:
            raise job.problem()
        jobs.bells.wait(id, seen, _LOOK if job.state == "running" else _BEAT / 2)


def _opened(path: Path) -> RawIOBase | None:
    try:
        return path.open("rb", buffering=0)
    except OSError:
        return None
