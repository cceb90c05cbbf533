"""Why there is no answer: for each caller to say in sentences of its own."""

from __future__ import annotations

from typing import Literal

What = Literal["name", "connection", "tls"]


class Failed(Exception):
    """No answer that can be used came from ``host``. Neither it nor its words hold the rest of an address."""

    def __init__(self, host: str, said: str) -> None:
        super().__init__(said)
        self.host = host


class Broken(Failed):
    """The connection could not be made or broke: worth another try. ``str`` is the system's own reason."""

    def __init__(self, host: str, said: str, what: What = "connection") -> None:
        super().__init__(host, said)
        self.what: What = what
        """Which step: its name was not found, no connection, or no certificate that can be trusted."""


class Slow(Failed):
    """The time for everything together is over."""

    def __init__(self, host: str) -> None:
        super().__init__(host, "not in time")


class Private(Failed):
    """The address is that of a private machine only, and was not followed."""

    def __init__(self, host: str) -> None:
        super().__init__(host, "a private machine")


class TooLarge(Failed):
    """The answer has more bytes than were allowed."""

    def __init__(self, host: str) -> None:
        super().__init__(host, "too large")


class Encoded(Failed):
    """The answer is compressed, though it was asked not to be: how large it is nobody knows before it is opened."""

    def __init__(self, host: str) -> None:
        super().__init__(host, "compressed")


class Refused(Failed):
    """A redirect that is not followed: one too many."""

    def __init__(self, host: str, status: int) -> None:
        super().__init__(host, f"a redirect ({status})")
        self.status = status


class Astray(Refused):
    """A redirect that is not followed: to what is no address of the web, or from https to http."""
