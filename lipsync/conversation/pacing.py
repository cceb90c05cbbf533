"""Pacing of an answer: it is sent a little ahead of what is heard, so that an interruption wastes little."""

from __future__ import annotations

import time
from collections.abc import Callable

MAX_AHEAD_S = 2.0
"""Seconds of an answer that are sent beyond what was played."""


class PlaybackClock:
    """How much of one answer was sent, and how much of that was played: as the player reports, and by the clock since
    its last report.

    Safe for many threads: the numbers are replaced, never changed in place.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began: float | None = None
        self._report: tuple[float, float] | None = None
        self._ended = False
        self.sent = 0.0
        """Seconds of the answer that were sent."""

    def send(self, until: float) -> None:
        """The answer has been sent up to ``until`` seconds."""
        now = self._clock()
        # Where all that was sent has been played, the sound stands still until now.
        self._began = now if self._began is None else max(self._began, now - self.sent)
        self.sent = max(self.sent, until)

    def report(self, played: float) -> None:
        """The player has played ``played`` seconds. One that reports more than was ever sent is not waited for."""
        self._report = (max(played, 0.0), self._clock())

    def end(self) -> None:
        """The whole answer has been made: nothing runs dry any longer."""
        self._ended = True

    @property
    def played(self) -> float:
        """Seconds of the answer that were played."""
        if self._report is not None:
            played, at = self._report
            return min(self.sent, played + self._clock() - at)
        return 0.0 if self._began is None else min(self.sent, self._clock() - self._began)

    @property
    def ahead(self) -> float:
        """Seconds that were sent and not yet played."""
        return self.sent - self.played

    def seconds_ahead(self) -> float:
        """As :attr:`ahead`; infinite after the end: for :mod:`lipsync.runtime.talk_priority`."""
        return float("inf") if self._ended else self.ahead
