"""What goes on for as long as a job does: its events, and its video while it is made."""

from __future__ import annotations

import errno
import json
import logging
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from io import RawIOBase
from pathlib import Path
from threading import Lock

from lipsync.errors import LipsyncError
from lipsync.jobs.errors import JobError
from lipsync.jobs.job import Job
from lipsync.jobs.jobs import Jobs
from lipsync.server.asgi.pause import Pause
from lipsync.server.request_errors import RequestError
from lipsync.video.codecs import read_mime
from lipsync.video.fragments import FILE_TYPE
from lipsync.video.mp4_boxes import FREE, BoxTracker

log = logging.getLogger(__name__)

_BEAT = 1.0
"""Seconds after which a job is looked at again although nothing was heard of it: another process may make it."""
KEEP_ALIVE_S = 10.0
"""Seconds without a byte after which something is sent that clients ignore: proxies close connections that are silent
for longer, most of them after 30 to 60 s."""
_HEADER_S = 0.5
"""Seconds until a stream whose job is still queued sends its header. A job that need not wait is begun sooner."""
_LOOK = 0.03
"""Seconds until a growing file is read on."""
_PIECE = 65_536


class ClientLeft(ConnectionResetError):
    """The client has closed its connection: nobody reads the answer."""

    def __init__(self) -> None:
        super().__init__(errno.ECONNRESET, "the client has closed its connection")


class Watchers:
    """How many follow live, and that they are not too many. Safe for many threads."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = Lock()
        self.now = 0
        """How many there are."""

    def admit(self, content: Iterator[bytes], left: Callable[[], None] = lambda: None) -> Iterator[bytes]:
        """``content``, begun: its first piece is made before this returns, so that what is wrong can still be said.

        ``left`` is called when the client went away before the end. Raises LipsyncError too_many_streams,
        job_cancelled when the client is gone already, and what the first piece raises.
        """
        with self._lock:
            if self.now >= self._limit:
                raise RequestError("too_many_streams", limit=self._limit)
            self.now += 1
        watched = self._watched(content, left)
        try:
            next(watched)  # now it has begun: it will come to its end, and give its place back
        except ClientLeft:
            raise JobError("job_cancelled") from None
        return watched

    def _watched(self, content: Iterator[bytes], left: Callable[[], None]) -> Iterator[bytes]:
        try:
            first = next(content, b"")
            yield b""  # for admit()
            if first:
                yield first
            yield from content
        except (GeneratorExit, ClientLeft):
            left()
            raise
        finally:
            with self._lock:
                self.now -= 1


def events(
    jobs: Jobs,
    id: str,
    owner: str,
    tell: Callable[[Job], object],
    *,
    stopping: Callable[[], bool],
    has_left: Callable[[], bool],
    pause: Pause | None = None,
) -> Iterator[bytes]:
    """The job as server-sent events (HTML Living Standard, 9.2), each time that it is another, until it has ended.

    ``has_left`` says whether the client has closed its connection. With ``pause`` the server waits for the next event
    after an empty piece. Raises LipsyncError job_unknown, ClientLeft.
    """
    last, sent = "", time.monotonic()
    jobs.events.subscribe(id)
    try:
        while True:
            seen = jobs.events.count(id)
            job = jobs.get(id, owner)
            if has_left():
                raise ClientLeft
            data = json.dumps(tell(job), ensure_ascii=False)
            if data != last:
                yield f"event: job\ndata: {data}\n\n".encode()
                last, sent = data, time.monotonic()
            elif time.monotonic() - sent >= KEEP_ALIVE_S:
                yield b": \n\n"
                sent = time.monotonic()
            if job.has_ended or stopping():  # the client comes again
                return
            yield from _wait(jobs, id, seen, _BEAT, pause)
    finally:
        jobs.events.unsubscribe(id)


def _wait(jobs: Jobs, id: str, seen: int, seconds: float, pause: Pause | None) -> Iterator[bytes]:
    """Wait until the job has had more than ``seen`` events, ``seconds`` at most: here, or with ``pause`` in
    the server, which is told so by an empty piece."""
    if pause is None:
        jobs.events.wait(id, seen, seconds)
    else:
        pause.until(lambda wake: jobs.events.call_back(id, seen, wake), seconds)
        yield b""


class _KeepAlive:
    """When a stream is silent for long, and what it sends then: the file's type, and ``free`` boxes after it."""

    def __init__(self) -> None:
        self._boxes, self._last = BoxTracker(), time.monotonic()
        self.begun = False
        """Whether anything was sent."""
        self.type_sent = False
        """Whether the file's type was sent before there was a file."""

    def sending(self, piece: bytes) -> bytes:
        """``piece``, which is sent now."""
        self._boxes.feed(piece)
        self._last, self.begun = time.monotonic(), True
        return piece

    def due(self, *, queued: bool) -> Iterator[bytes]:
        """What has to be sent now, if anything."""
        silent = time.monotonic() - self._last
        if silent < (_HEADER_S if queued and not self.begun else KEEP_ALIVE_S):
            return
        if not self.begun:
            self.type_sent = True
            yield self.sending(FILE_TYPE)
        elif self._boxes.takes_free_box:
            yield self.sending(FREE)


def tail_video(
    jobs: Jobs,
    id: str,
    owner: str,
    finished: Callable[[Job], Path],
    has_left: Callable[[], bool],
    pause: Pause | None = None,
) -> Iterator[bytes]:
    """The bytes of the job's video while it is made: fragmented MP4, or the finished file when it was done before.

    While the job is queued, and whenever no fragment comes for KEEP_ALIVE_S, ``free`` boxes are sent between the
    others; without them the bytes are those of the stream. ``has_left`` says whether the client has closed its
    connection. What ``finished`` gives is read after the stream was deleted. With ``pause`` the server waits
    after each empty piece, from the first byte on: what is wrong before it can still be answered.

    Raises ClientLeft. Raises JobError job_unknown, and before the first byte the error of the job; afterwards
    ConnectionResetError, which breaks the answer off.
    """
    keep_alive = _KeepAlive()
    jobs.events.subscribe(id)
    try:
        job, file = yield from _begun(jobs, id, owner, finished, keep_alive, has_left, pause)
        with file:
            at_type, idle = True, 0
            while True:
                if at_type and keep_alive.type_sent and _skip_first_box(file):
                    at_type = False
                sent_twice = at_type and keep_alive.type_sent
                if not sent_twice and (piece := file.read(_PIECE)):
                    at_type, idle = False, 0
                    yield keep_alive.sending(piece)
                elif job.state != "running":
                    break
                else:
                    seen = jobs.events.count(id)
                    yield from _wait(jobs, id, seen, _LOOK, pause if keep_alive.begun else None)
                    idle += 1
                    if jobs.events.count(id) > seen or idle * _LOOK > _BEAT / 2:
                        job, idle = jobs.get(id, owner), 0
                        if has_left():
                            raise ClientLeft
                    if job.state == "running":
                        yield from keep_alive.due(queued=False)
        if job.state != "done":
            raise job.problem()
    except LipsyncError as error:
        if not keep_alive.begun:
            raise
        log.warning("the stream of job %s broke off: %s", id, error)
        raise ConnectionResetError(errno.ECONNRESET, "the video cannot be finished") from error
    finally:
        jobs.events.unsubscribe(id)


def _begun(
    jobs: Jobs,
    id: str,
    owner: str,
    finished: Callable[[Job], Path],
    keep_alive: _KeepAlive,
    has_left: Callable[[], bool],
    pause: Pause | None,
) -> Generator[bytes, None, tuple[Job, RawIOBase]]:
    """Wait until there is something to read of the job: the job then, and what there is. Raises LipsyncError,
    ClientLeft."""
    while True:
        seen = jobs.events.count(id)
        job = jobs.get(id, owner)
        if job.state != "queued" and (file := _opened(jobs.files.path(job.stream))):
            return job, file
        if job.state == "done":
            if keep_alive.begun:  # the finished file counts its bytes from its beginning: nothing can stand before it
                raise JobError("video_gone")
            return job, finished(job).open("rb", buffering=0)
        if job.has_ended:
            raise job.problem()
        if has_left():
            raise ClientLeft
        yield from keep_alive.due(queued=job.state == "queued")
        seconds = _LOOK if job.state == "running" else _BEAT / 2
        yield from _wait(jobs, id, seen, seconds, pause if keep_alive.begun else None)


def media_type(jobs: Jobs, id: str, owner: str, bound: str) -> str:
    """Content-Type of what :func:`tail_video` sends: with the codecs of the stream or of the finished file, as far as
    it is written; else ``bound``, which holds for every video of this server."""
    with suppress(LipsyncError):
        job = jobs.get(id, owner)
        for key in (job.stream, job.video_key):
            with suppress(OSError), jobs.files.path(key).open("rb") as file:
                return read_mime(file) or bound
    return bound


def _skip_first_box(file: RawIOBase) -> bool:
    """Go behind the file's first box, its type, which was sent before; False while it is not there yet."""
    head = file.read(4) or b""
    file.seek(int.from_bytes(head, "big") if len(head) == 4 else 0)
    return len(head) == 4


def _opened(path: Path) -> RawIOBase | None:
    try:
        return path.open("rb", buffering=0)
    except OSError:
        return None
