"""Progress of a video while it is rendered, and how the caller cancels it.

The thread that renders reports its progress to a :class:`Progress` callback, which raises :class:`Cancelled` to end
the work. While that thread waits (for a voice, for the GPU, for another render), :func:`wait_for` calls the heartbeat
of the current context every :data:`POLL_INTERVAL_S`, so that a cancelled video does not wait until the end.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Literal, Protocol

Stage = Literal["portrait", "speech", "render", "finish"]
"""The current work: prepare the portrait; synthesize a sentence; render frames; close the file."""

POLL_INTERVAL_S = 0.2
"""Seconds between two calls of the heartbeat during a wait."""


class Progress(Protocol):
    """Callback for progress. It is called in the rendering thread: at the start of a stage, after every frame, and
    every :data:`POLL_INTERVAL_S` during a wait.

    It cancels the work by raising :class:`Cancelled`. Other threads that wait for a shared part of the same work (the
    same portrait, the same sentence) are not cancelled.
    """

    def __call__(self, stage: Stage, done: float, /) -> None:
        """``done`` is the rendered share of the whole video, 0 to 1."""
        ...


class Cancelled(Exception):
    """The video is not needed any longer: raised by a :class:`Progress` callback."""


Heartbeat = Callable[[], None]
"""Called every :data:`POLL_INTERVAL_S` during a wait; an exception that it raises ends the wait."""

_heartbeat: ContextVar[Heartbeat | None] = ContextVar("heartbeat", default=None)


@contextmanager
def use_heartbeat(heartbeat: Heartbeat | None) -> Iterator[None]:
    """Let the waits in this block, in this thread, call ``heartbeat``; None: they call nothing."""
    token = _heartbeat.set(heartbeat)
    try:
        yield
    finally:
        _heartbeat.reset(token)


def beat() -> None:
    """Call the heartbeat of the current context, if there is one: for loops that compute for long without a wait."""
    heartbeat = _heartbeat.get()
    if heartbeat is not None:
        heartbeat()


class ProgressReporter:
    """Calls a :class:`Progress` and remembers its last arguments, so that a heartbeat can repeat them.

    For one thread.
    """

    def __init__(self, progress: Progress | None) -> None:
        """None: nothing is called."""
        self._progress = progress
        self._stage: Stage = "portrait"
        self._done = 0.0

    def __call__(self, stage: Stage, done: float) -> None:
        """Report as :class:`Progress`."""
        self._stage, self._done = stage, done
        if self._progress is not None:
            self._progress(stage, done)

    def begin(self, stage: Stage) -> None:
        """Report a new stage with the same share."""
        self(stage, self._done)

    def repeat(self) -> None:
        """Report the last stage and share again: a :data:`Heartbeat`."""
        self(self._stage, self._done)


def wait_for(ready: Callable[[float | None], bool], timeout_s: float | None = None) -> bool:
    """Whether a condition became true within ``timeout_s`` seconds; None: wait without a limit.

    ``ready(timeout_s)`` waits for the condition, at most so many seconds (None: without a limit), and returns whether
    it is true. Where the current context has a heartbeat (:func:`use_heartbeat`), it is called between waits of
    :data:`POLL_INTERVAL_S`, and its exceptions are raised here.
    """
    heartbeat = _heartbeat.get()
    if heartbeat is None:
        return ready(timeout_s)
    end = math.inf if timeout_s is None else time.monotonic() + timeout_s
    while (remaining := end - time.monotonic()) > POLL_INTERVAL_S:
        if ready(POLL_INTERVAL_S):
            return True
        heartbeat()
    return ready(max(0.0, remaining))


def wait_for_future(future: Future[Any], timeout_s: float | None = None) -> bool:
    """Whether ``future`` was done within ``timeout_s`` seconds, as :func:`wait_for`."""
    return wait_for(lambda timeout: bool(wait([future], timeout).done), timeout_s)
