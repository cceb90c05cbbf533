"""Connections to checked IP addresses, each step within the time that is left."""

from __future__ import annotations

import queue
import socket
import ssl
import threading
from collections.abc import Callable, Iterable
from typing import Any

import httpcore2

from lipsync.net import ip_addresses
from lipsync.net.errors import ConnectionFailed, DeadlineExceeded, PrivateAddress

CONNECT_TIMEOUT_S = 5.0
"""Time limit for one connection, and for resolving its name."""
IDLE_TIMEOUT_S = 10.0
"""Time limit for a single read or write."""


class Deadline:
    """The end of the time for a whole request, redirects included."""

    def __init__(self, end: float, host: str, clock: Callable[[], float]) -> None:
        """``end`` is in seconds of ``clock``; ``host`` is named in the error."""
        self._end, self._host, self._clock = end, host, clock

    def remaining(self, max_s: float) -> float:
        """Return the seconds that the next step may take, at most ``max_s``. Raises DeadlineExceeded."""
        remaining = self._end - self._clock()
        if remaining <= 0:
            raise self.expired_error()
        return min(max_s, remaining)

    def expired_error(self) -> DeadlineExceeded:
        """Return the error to raise when the time is over."""
        return DeadlineExceeded(self._host)


class CheckedBackend(httpcore2.NetworkBackend):
    """Connects to public addresses only, so that a name server cannot direct a request into a private network.

    The address that was checked is the one that is connected to, whatever the name server says the next time.
    """

    def __init__(self, deadline: Deadline, is_trusted: Callable[[str, int], bool], idle_timeout_s: float) -> None:
        """``is_trusted`` tells for a host and port whether its address may be private."""
        self._deadline, self._is_trusted, self._idle_timeout_s = deadline, is_trusted, idle_timeout_s

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - the deadline decides, here and below
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        ips = resolve(host, port, self._deadline.remaining(CONNECT_TIMEOUT_S))
        if not self._is_trusted(host, port):
            ips = [ip for ip in ips if ip_addresses.is_public(ip)]
            if not ips:
                raise PrivateAddress(host)
        failure: Exception = httpcore2.ConnectError(f"{host} has no address")
        for ip in ips:
            try:
                stream = httpcore2.SyncBackend().connect_tcp(
                    ip, port, self._deadline.remaining(CONNECT_TIMEOUT_S), local_address, socket_options
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error  # another address may work, for example where IPv6 has no route
            else:
                return _Stream(stream, self._deadline, self._idle_timeout_s)
        raise failure


class _Stream(httpcore2.NetworkStream):
    """A connection whose every step is bounded by the deadline."""

    def __init__(self, inner: httpcore2.NetworkStream, deadline: Deadline, idle_timeout_s: float) -> None:
        self._inner, self._deadline, self._idle_timeout_s = inner, deadline, idle_timeout_s

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        return self._inner.read(max_bytes, self._deadline.remaining(self._idle_timeout_s))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        self._inner.write(buffer, self._deadline.remaining(self._idle_timeout_s))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore2.NetworkStream:
        stream = self._inner.start_tls(ssl_context, server_hostname, self._deadline.remaining(CONNECT_TIMEOUT_S))
        return _Stream(stream, self._deadline, self._idle_timeout_s)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def resolve(host: str, port: int, timeout_s: float) -> list[str]:
    """Return the IP addresses of ``host``. Raises ConnectionFailed if it has none, DeadlineExceeded.

    The system's resolver has no time limit, so it runs in a thread of its own. It also understands every spelling of
    an IP address (127.1, 0x7f000001), as the connection would.
    """
    results: queue.Queue[list[str] | OSError] = queue.Queue()

    def look_up() -> None:
        try:
            infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            results.put(error if isinstance(error, OSError) else OSError("invalid host name"))
        else:
            results.put([str(info[4][0]) for info in infos])

    threading.Thread(target=look_up, name="resolve", daemon=True).start()
    try:
        result = results.get(timeout=timeout_s)
    except queue.Empty as error:
        raise DeadlineExceeded(host) from error
    if isinstance(result, OSError):
        raise ConnectionFailed(host, str(result.strerror or result), "name") from result
    return result
