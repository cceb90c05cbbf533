"""Wait for a condition instead of for a number of seconds."""

from __future__ import annotations

import time
from collections.abc import Callable

TIMEOUT_S = 60.0
"""Seconds after which something that should happen is taken not to: a loaded machine may need many."""


def eventually(
    condition: Callable[[], object],
    message: Callable[[], object] | str = "the condition did not become true",
    *,
    timeout_s: float = TIMEOUT_S,
    interval_s: float = 0.01,
) -> None:
    """Return when ``condition()`` is true; fail with ``message`` (a text, or what it returns) when it stays false."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(message if isinstance(message, str) else message())
        time.sleep(interval_s)
