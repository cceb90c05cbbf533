"""Whether the client of a request still waits for the answer."""

from __future__ import annotations

from collections.abc import Callable

from flask import request

from lipsync.server.asgi.environ_keys import HAS_LEFT


def has_left() -> bool:
    """Whether the client of this request has closed its connection. Does not wait.

    A client that only ends its sending half (shutdown) counts as gone, as with nginx. False where
    that cannot be known, as under another server or in a test's client.
    """
    return departure_probe()()


def departure_probe() -> Callable[[], bool]:
    """:func:`has_left` for the client of this request; to be called in any thread, after the view has returned."""
    probe: Callable[[], bool] = request.environ.get(HAS_LEFT, _never)
    return probe


def _never() -> bool:
    return False
