"""How much of a request has arrived: what its head says of its body (RFC 9112, 6), and where the body ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

HEAD_END = b"\r\n\r\n"

_MAX_LINE = 4096
"""Bytes of a line in a chunked body; no sender of ours writes longer ones."""


class BodyTracker:
    """Follows the bytes of one request's body. For one thread at a time."""

    def __init__(self, length: int | None) -> None:
        """``length`` in bytes; None: the body is chunked (RFC 9112, 7.1)."""
        self._left = length or 0
        self._chunked = length is None
        self._in_trailer = False
        self._line = b""
        self.is_whole = length == 0

    def feed(self, data: bytes) -> None:
        """The next bytes; what follows the end is left alone."""
        at = 0
        while at < len(data) and not self.is_whole:
            if self._left:
                step = min(self._left, len(data) - at)
                self._left -= step
                at += step
                self.is_whole = not self._chunked and self._left == 0
                continue
            end = data.find(b"\n", at)
            stop = len(data) if end < 0 else end + 1
            self._line = (self._line + data[at:stop])[-_MAX_LINE:]
            at = stop
            if end >= 0:
                line, self._line = self._line.strip(), b""
                self._take_line(line)

    def _take_line(self, line: bytes) -> None:
        if self._in_trailer:
            self.is_whole = not line
            return
        try:
            size = int(line.partition(b";")[0], 16)
        except ValueError:
            return  # the end of a chunk, or what gunicorn will refuse
        self._in_trailer = size == 0
        self._left = max(0, size)


@dataclass
class Arriving:
    """A request of which the head, or too much of a head, is there."""

    address: str
    """Whom it counts for."""
    path: str = "/"
    headers: Mapping[str, str] = field(default_factory=dict)
    """By their names in lower case; of one that is repeated, the values with commas."""
    body: BodyTracker | None = None
    """None while the head is not whole."""
    head_bytes: int = 0
    body_bytes: int | None = None
    """None: unknown, the body is chunked."""

    @property
    def is_whole(self) -> bool:
        """Whether nothing more has to come."""
        return self.body is not None and self.body.is_whole

    def may_fit(self, size: int) -> bool:
        """Whether all of it may have ``size`` bytes at most, and comes without being asked for (RFC 9110, 10.1.1)."""
        if self.body is None or "expect" in self.headers:
            return False
        return self.head_bytes + (self.body_bytes or 0) <= size


def arriving(ahead: bytes, peer: str, proxies: int) -> Arriving:
    """What the first bytes of a request say.

    ``peer`` is the address of the connection. With ``proxies`` in front of the server it is theirs, and the address
    is the one that the first of them has noted in ``X-Forwarded-For``, as for the application (ProxyFix). A head that
    gunicorn refuses may be read in any way: there is no body to wait for.
    """
    if HEAD_END not in ahead:
        return Arriving(peer)
    head, _, rest = ahead.partition(HEAD_END)
    first, *lines = head.decode("latin-1").split("\r\n")
    headers: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        name, value = name.strip().lower(), value.strip()
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    words = first.split(" ")
    named = [one.strip() for one in headers.get("x-forwarded-for", "").split(",")]
    address = named[-proxies] if 0 < proxies <= len(named) and named[-proxies] else peer
    length = _length(headers)
    body = BodyTracker(length)
    body.feed(rest)
    return Arriving(address, words[1] if len(words) > 1 else "/", headers, body, len(head) + len(HEAD_END), length)


def _length(headers: Mapping[str, str]) -> int | None:
    if "chunked" in headers.get("transfer-encoding", "").lower():
        return None
    text = headers.get("content-length", "0")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0
