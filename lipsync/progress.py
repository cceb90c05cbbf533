"""How far a video is, told while it is made; and how whoever wants it no more ends the work."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import Any, Literal, Protocol

Stage = Literal["portrait", "speech", "render", "finish"]
"""What is being done: the portrait is prepared; a sentence is spoken; frames are made; the file is closed."""

SLICE = 0.2
"""Seconds: nothing is waited for longer than this without a word."""


class Progress(Protocol):
    """Told in the thread that makes the video: when a stage begins, after every frame, and every :data:`SLICE` while
    something is waited for.

    It ends the work by raising :class:`Cancelled`; others that wait for a part of the same work do not hear of it.
    """

    def __call__(self, stage: Stage, done: float, /) -> None:
        """``done`` is the part of the whole video that is made, 0 to 1."""
        ...


class Cancelled(Exception):
    """Nobody wants the video any more: raised by a :class:`Progress`."""


Meanwhile = Callable[[], None]
"""Called again and again while something is waited for; what it raises ends the waiting."""


class Told:
    """A progress that knows what it was told last. For one thread."""

    def __init__(self, progress: Progress | None) -> None:
        """None: nobody listens."""
        self._progress = progress
        self._stage: Stage = "portrait"
        self._done = 0.0

    def __call__(self, stage: Stage, done: float) -> None:
        """As :class:`Progress`."""
        self._stage, self._done = stage, done
        if self._progress is not None:
            self._progress(stage, done)

    def begin(self, stage: Stage) -> None:
        """Another stage; no more is done than before."""
        self(stage, self._done)

    def again(self) -> None:
        """The same as before: a :data:`Meanwhile`."""
        self(self._stage, self._done)


def wait_for(
    ready: Callable[[float | None], bool], meanwhile: Meanwhile | None, seconds: float | None = None
) -> bool:
    """Whether something came true within ``seconds``; None: wait for ever.

    ``ready(most)`` waits for it, ``most`` seconds at most (None: for ever), and says whether it is. Between slices of
    the time ``meanwhile`` is called, and what it raises comes out here.
    """
    if meanwhile is None:
        return ready(seconds)
    end = math.inf if seconds is None else time.monotonic() + seconds
    while (left := end - time.monotonic()) > SLICE:
        if ready(SLICE):
            return True
        meanwhile()
    return ready(max(0.0, left))


def wait_for_future(future: Future[Any], meanwhile: Meanwhile | None, seconds: float | None = None) -> bool:
    """Whether ``future`` was done within ``seconds``, as :func:`wait_for`."""
    return wait_for(lambda most: bool(wait([future], most).done), meanwhile, seconds)
