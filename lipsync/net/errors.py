"""Why a request got no usable response. Each caller turns these into errors with a sentence of its own."""

from __future__ import annotations

from typing import Literal

Step = Literal["name", "connection", "tls"]
"""Step of connecting: name resolution, the TCP connection, or TLS with its certificate."""


class RequestFailed(Exception):
    """No usable response came from ``host``. Neither it nor the message holds the rest of the URL."""

    def __init__(self, host: str, reason: str) -> None:
        super().__init__(reason)
        self.host = host


class ConnectionFailed(RequestFailed):
    """The connection could not be made, or broke; another attempt may work. The message is the system's reason."""

    def __init__(self, host: str, reason: str, step: Step = "connection") -> None:
        super().__init__(host, reason)
        self.step: Step = step


class DeadlineExceeded(RequestFailed):
    """The time limit of the request passed, or no byte came for too long."""

    def __init__(self, host: str) -> None:
        super().__init__(host, "timeout")


class PrivateAddress(RequestFailed):
    """The host has only private addresses, so it was not connected to."""

    def __init__(self, host: str) -> None:
        super().__init__(host, "private address")


class TooLarge(RequestFailed):
    """The response has more bytes than allowed."""

    def __init__(self, host: str) -> None:
        super().__init__(host, "response too large")


class CompressedBody(RequestFailed):
    """The response is compressed against the request's wish; its real size is unknown, so it was not read."""

    def __init__(self, host: str) -> None:
        super().__init__(host, "compressed response")


class TooManyRedirects(RequestFailed):
    """The response is a redirect after the last one that may be followed."""

    def __init__(self, host: str, status: int) -> None:
        super().__init__(host, f"redirect ({status})")
        self.status = status


class UnsafeRedirect(TooManyRedirects):
    """The response redirects from https to http, or to something else than an http(s) URL."""
