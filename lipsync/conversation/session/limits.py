"""Bounds of a live conversation."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SessionLimits:
    """How long a connection lasts, and what it may send."""

    max_idle_s: float = 300.0
    """Seconds without a message of the client and without an answer; then the connection is closed."""
    max_session_s: float = 1800.0
    """Seconds of a connection."""
    max_bad_messages: int = 3
    """Messages that cannot be read; then the connection is closed with 1008."""
    farewell_s: float = 2.0
    """Seconds from ``closing`` to the end of the connection when the server stops: a sentence may end."""
