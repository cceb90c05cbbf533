"""Videos that are made at the same time share the network: their frames are drawn in the same batches."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass
from threading import Condition, Thread, get_ident
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Face = TypeVar("Face")
Result = TypeVar("Result")


class Network(Protocol[Face]):
    """What draws: :class:`~lipsync.animation.wav2lip.generator.Generator`."""

    @property
    def size(self) -> int: ...

    first_row: int
    batch: int

    def prepare(self, face: NDArray[np.uint8]) -> Face: ...

    def prepare_many(self, faces: Sequence[NDArray[np.uint8]]) -> list[Face]: ...

    def draw(self, faces: Sequence[Face], mels: Floats) -> Floats: ...


@dataclass(eq=False)
class _Job(Generic[Face]):
    """What one call asked for."""

    faces: Sequence[Face]
    mels: Floats
    rows: Floats
    future: Future[Floats]
    taken: int = 0
    done: int = 0

    @property
    def left(self) -> int:
        return len(self.mels) - self.taken


class Drawer(Generic[Face]):
    """Lends one network to many threads. Threads of its own draw, so that torch's never are more than planned.

    Each batch takes the same share from every thread that waits, and what a thread asked for first it gets first.
    A thread that asks faster than can be drawn is held back. An error while drawing reaches all who wait; what is
    asked for afterwards is tried anew. A future that is cancelled leaves, even when it was drawn in part.
    """

    def __init__(
        self,
        network: Network[Face],
        *,
        workers: int = 1,
        waiting: int = 64,
        set_up: Callable[[], None] = lambda: None,
    ) -> None:
        """``workers`` batches are drawn at the same time, each by a thread of its own, which begins with ``set_up``.

        At most ``waiting`` frames wait for each asking thread.
        """
        self.size, self.first_row = network.size, network.first_row
        self._network, self._workers, self._waiting, self._set_up = network, workers, waiting, set_up
        self._changed = Condition()
        self._lines: OrderedDict[int, deque[_Job[Face]]] = OrderedDict()
        self._tasks: deque[tuple[Callable[[], Any], Future[Any]]] = deque()
        self._threads: list[Thread] = []
        self._closed = False

    def prepare(self, face: NDArray[np.uint8]) -> Face:
        """What a face (size, size, 3) RGB adds; waits for it."""
        return self._run(lambda: self._network.prepare(face))

    def prepare_many(self, faces: Sequence[NDArray[np.uint8]]) -> list[Face]:
        """Prepare the faces of a video's frames, as :meth:`prepare` does one."""
        return self._run(lambda: self._network.prepare_many(faces))

    def submit(self, faces: Face | list[Face], mels: Floats) -> Future[Floats]:
        """Draw (B, 80, 16) windows with a face for all or a list with one for each.

        The result is (B, size - first_row, size, 3) float32 RGB in 0-255: each frame to the bit what it is when it
        is drawn alone. Waits while too many of this thread's frames are waiting. Raises RuntimeError after close.
        """
        each = faces if isinstance(faces, list) else [faces] * len(mels)
        if len(each) != len(mels):
            raise ValueError(f"{len(each)} faces for {len(mels)} mels")
        future: Future[Floats] = Future()
        if len(mels) == 0:
            future.set_result(np.zeros((0, self.size - self.first_row, self.size, 3), np.float32))
            return future
        rows = np.empty((len(mels), self.size - self.first_row, self.size, 3), np.float32)
        job = _Job(each, mels, rows, future)
        me = get_ident()
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._frames(me) < self._waiting)
            self._start()
            self._lines.setdefault(me, deque()).append(job)
            self._changed.notify_all()
        return future

    def close(self) -> None:
        """Stop; who still waits gets CancelledError."""
        with self._changed:
            self._closed = True
            for _, future in self._tasks:
                future.cancel()
            for line in self._lines.values():
                for job in line:
                    job.future.cancel()
            self._tasks.clear()
            self._lines.clear()
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _frames(self, line: int) -> int:
        return sum(job.left for job in self._lines.get(line, ()) if not job.future.cancelled())

    def _run(self, task: Callable[[], Result]) -> Result:
        future: Future[Result] = Future()
        with self._changed:
            self._start()
            self._tasks.append((task, future))
            self._changed.notify_all()
        return future.result()

    def _start(self) -> None:
        """With the lock held."""
        if self._closed:
            raise RuntimeError("this drawer is closed")
        while len(self._threads) < self._workers:
            thread = Thread(target=self._work, name=f"wav2lip-{len(self._threads)}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _work(self) -> None:
        self._set_up()
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or bool(self._tasks or self._lines))
                if self._closed:
                    return
                task = self._tasks.popleft() if self._tasks else None
                batch = [] if task else self._take()
                self._changed.notify_all()
            if task:
                _settle(task[1], task[0])
            elif batch:
                self._draw(batch)

    def _take(self) -> list[tuple[_Job[Face], int]]:
        """The next batch, (job, index of the frame): from every line its share, the one longest waiting first."""
        batch: list[tuple[_Job[Face], int]] = []
        waiting = len(self._lines)
        for turn in range(waiting):
            line, jobs = self._lines.popitem(last=False)
            share = -(-(self._network.batch - len(batch)) // (waiting - turn))
            self._take_from(jobs, share, batch)
            if jobs:
                self._lines[line] = jobs
        # What lines with few frames left over goes to the others.
        for line, jobs in list(self._lines.items()):
            self._take_from(jobs, self._network.batch - len(batch), batch)
            if not jobs:
                del self._lines[line]
        return batch

    @staticmethod
    def _take_from(jobs: deque[_Job[Face]], count: int, batch: list[tuple[_Job[Face], int]]) -> None:
        while jobs and count:
            job = jobs[0]
            if not job.future.cancelled():
                number = min(count, job.left)
                batch += [(job, job.taken + k) for k in range(number)]
                job.taken += number
                count -= number
            if job.future.cancelled() or not job.left:
                jobs.popleft()

    def _draw(self, batch: list[tuple[_Job[Face], int]]) -> None:
        try:
            drawn = self._network.draw(
                [job.faces[index] for job, index in batch], np.stack([job.mels[index] for job, index in batch])
            )
        except Exception as error:  # whatever it is, it belongs to those who wait
            with self._changed:
                waiting = {job for job, _ in batch} | {job for line in self._lines.values() for job in line}
                self._lines.clear()
                self._changed.notify_all()
            for job in waiting:
                with suppress(InvalidStateError):  # cancelled meanwhile
                    job.future.set_exception(error)
            return
        finished = []
        with self._changed:
            for (job, index), rows in zip(batch, drawn, strict=True):
                job.rows[index] = rows
                job.done += 1
                if job.done == len(job.mels):
                    finished.append(job)
        for job in finished:
            with suppress(InvalidStateError):
                job.future.set_result(job.rows)


def _settle(future: Future[Any], task: Callable[[], Any]) -> None:
    try:
        result = task()
    except Exception as error:
        with suppress(InvalidStateError):
            future.set_exception(error)
    else:
        with suppress(InvalidStateError):
            future.set_result(result)
