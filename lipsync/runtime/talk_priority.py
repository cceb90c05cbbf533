"""Priority of answers to people over the rendering of videos: a render waits between two frames while somebody who is
being answered would otherwise have to wait."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock

MIN_AHEAD_S = 1.0
"""Seconds of an answer that must have been made beyond what was played, below which renders wait."""
_MIN_SHARE = 0.25
"""Smallest share of its speed that a render keeps: at least one frame in four goes on."""
_MAX_WAIT_S = 0.5
"""Longest wait of a render before one frame, in seconds."""
_POLL_S = 0.01

SecondsAhead = Callable[[], float]
"""Returns the seconds of an answer that were made beyond what was played, 0 before its first sound. Thread-safe."""


class TalkPriority:
    """The answers that are being made in this process, and the renders that give way to them. Thread-safe."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._answers: dict[object, SecondsAhead] = {}

    @contextmanager
    def answering(self, seconds_ahead: SecondsAhead = lambda: 0.0) -> Iterator[None]:
        """An answer is being made inside the block."""
        key = object()
        with self._lock:
            self._answers[key] = seconds_ahead
        try:
            yield
        finally:
            with self._lock:
                del self._answers[key]

    @property
    def is_urgent(self) -> bool:
        """Whether an answer is about to run dry."""
        if not self._answers:
            return False
        with self._lock:
            answers = list(self._answers.values())
        return any(seconds_ahead() < MIN_AHEAD_S for seconds_ahead in answers)

    def pacer(
        self, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> RenderPacer:
        """What one render calls between its frames."""
        return RenderPacer(self, clock, sleep)


class RenderPacer:
    """Lets one render wait while an answer is urgent, and keeps a part of its speed. For one thread."""

    def __init__(self, priority: TalkPriority, clock: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self._priority, self._clock, self._sleep = priority, clock, sleep
        self._began: float | None = None

    def before_frame(self) -> None:
        """Wait while an answer is urgent, at most three times as long as the frame before took."""
        now = self._clock()
        if self._began is not None and self._priority.is_urgent:
            frame_s = now - self._began
            end = now + min(frame_s * (1 / _MIN_SHARE - 1), _MAX_WAIT_S)
            while (left := end - self._clock()) > 0 and self._priority.is_urgent:
                self._sleep(min(left, _POLL_S))
        self._began = self._clock()


TALK_PRIORITY = TalkPriority()
"""The answers of this process, which share its cores with all its renders."""
