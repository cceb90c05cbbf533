"""A circuit breaker: who has failed often is left alone for a while, so that nobody waits for them in vain."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

FAILURES = 5
"""In a row, after which the circuit opens."""
REST = 60.0
"""Seconds that it stays open; then one call may try."""


class Circuit:
    """Counts what went wrong in a row. Safe for many threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._until = 0.0

    def wait(self) -> float:
        """Seconds until a call may be made; 0 when it may be made now.

        When the rest is over, the one that asks first gets 0 and is to call: the others go on waiting for it.
        """
        with self._lock:
            if self._failures < FAILURES:
                return 0.0
            now = self._clock()
            if now < self._until:
                return self._until - now
            self._until = now + REST
            return 0.0

    @property
    def open(self) -> bool:
        """Whether it is resting; asking changes nothing."""
        with self._lock:
            return self._failures >= FAILURES and self._clock() < self._until

    def succeeded(self) -> None:
        """A call went well: the circuit closes."""
        with self._lock:
            self._failures = 0

    def failed(self) -> None:
        """A call failed."""
        with self._lock:
            self._failures += 1
            self._until = self._clock() + REST
