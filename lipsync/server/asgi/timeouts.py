"""How long the server waits for a client."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class StallLimits:
    """When a client that reads or writes too slowly is given up."""

    silence_s: float
    """Seconds without a single byte."""
    min_bytes_per_s: float = 0.0
    """Average rate that is required of the time beyond ``grace_s``; 0: none."""
    grace_s: float = 30.0
    """Seconds for which no rate is required."""

    def is_exceeded(self, silent_s: float, waited_s: float, moved_bytes: int) -> bool:
        """Whether to give up after ``waited_s`` in all, ``moved_bytes``, and ``silent_s`` since the last byte."""
        return silent_s >= self.silence_s or (waited_s - self.grace_s) * self.min_bytes_per_s > moved_bytes


@dataclass(frozen=True)
class TimeoutPolicy:
    """All times for which the server waits for a client. Nothing of this holds a thread."""

    first_byte_s: float = 15.0
    """For the first byte of a new connection."""
    head_s: float = 30.0
    """For the head of a request, from its first byte on."""
    small_body_s: float = 30.0
    """For a body that needs no upload slot, and for a larger one to get a slot."""
    linger_s: float = 2.0
    """For a refused client to stop sending, so that it reads the answer instead of a reset; and during a shutdown for
    the rest of a request that is on its way."""
    websocket_close_s: float = 5.0
    """For WebSocket clients to answer the close frame, and for their handlers to end, when the server stops."""
    cleanup_s: float = 5.0
    """Left of gunicorn's ``graceful_timeout`` to hand jobs back when requests are still running."""
    upload: StallLimits = StallLimits(silence_s=30.0, min_bytes_per_s=500.0)
    """While a body is read: about what Apache's mod_reqtimeout requires."""
    download: StallLimits = StallLimits(silence_s=120.0)
    """While an answer, or the frames of a WebSocket, are sent. A video may be watched slowly, or paused."""
    shutdown: StallLimits = StallLimits(silence_s=5.0, min_bytes_per_s=10_000.0, grace_s=5.0)
    """Both, while the server stops."""
