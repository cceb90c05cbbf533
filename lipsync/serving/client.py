"""Whether somebody still waits for the answer."""

from __future__ import annotations

import select
import socket
from collections.abc import Callable

from flask import request

_GONE = select.POLLHUP | select.POLLERR | select.POLLNVAL | getattr(select, "POLLRDHUP", 0)
"""POLLRDHUP (Linux): the other end sends no more, also where something that it sent before was never read."""


def has_left() -> bool:
    """Whether the client of this request has closed its connection. Does not wait, and reads nothing.

    A client that only says it will send no more (shutdown of one half) counts as gone, as with nginx. False where
    that cannot be known: another server than gunicorn, a test's client, or a system without POLLRDHUP.
    """
    return departure_probe()()


def departure_probe() -> Callable[[], bool]:
    """:func:`has_left` for the client of this request; to be called in any thread, after the view has returned."""
    connection = request.environ.get("gunicorn.socket")
    return lambda: connection is not None and _is_closed(connection)


def _is_closed(connection: socket.socket) -> bool:
    poll = select.poll()
    try:
        poll.register(connection, _GONE)
        return bool(poll.poll(0))
    except (OSError, ValueError):  # closed here already
        return True
