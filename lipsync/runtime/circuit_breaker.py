"""Circuit breaker: after several failures in a row a service is not called for a while."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

MAX_FAILURES = 5
"""Number of failures in a row that opens the circuit."""
OPEN_S = 60.0
"""Seconds for which the circuit stays open; then one call may try."""


class CircuitBreaker:
    """Counts failures in a row. Safe for many threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """``clock`` returns seconds."""
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._open_until = 0.0

    def seconds_until_allowed(self) -> float:
        """Return the seconds until a call is allowed, 0 if it is allowed now.

        After the pause only the first to ask gets 0 and must call; the circuit stays open for the others.
        """
        with self._lock:
            if self._failures < MAX_FAILURES:
                return 0.0
            now = self._clock()
            if now < self._open_until:
                return self._open_until - now
            self._open_until = now + OPEN_S
            return 0.0

    @property
    def is_open(self) -> bool:
        """Whether calls are refused; reading it changes nothing."""
        with self._lock:
            return self._failures >= MAX_FAILURES and self._clock() < self._open_until

    def record_success(self) -> None:
        """Close the circuit after a call that succeeded."""
        with self._lock:
            self._failures = 0

    def record_failure(self) -> None:
        """Count a call that failed."""
        with self._lock:
            self._failures += 1
            self._open_until = self._clock() + OPEN_S
