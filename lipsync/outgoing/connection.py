"""Connections to machines whose numbers were checked, each step within the time that is left."""

from __future__ import annotations

import queue
import socket
import ssl
import threading
from collections.abc import Callable, Iterable
from typing import Any

import httpcore2

from lipsync import addresses
from lipsync.outgoing.failures import Broken, Private, Slow

CONNECT = 5.0
"""Seconds for a connection at most."""
READ = 10.0
"""Seconds without a byte at most."""


class Time:
    """What is left of the time for everything together."""

    def __init__(self, deadline: float, host: str, clock: Callable[[], float]) -> None:
        self._deadline, self._host, self._clock = deadline, host, clock

    def left(self, most: float) -> float:
        """Seconds that the next step may take. Raises Slow when there are none."""
        left = self._deadline - self._clock()
        if left <= 0:
            raise self.up()
        return min(most, left)

    def up(self) -> Slow:
        return Slow(self._host)


class CheckedBackend(httpcore2.NetworkBackend):
    """Connects to machines whose number it has checked. ``trusted``: host and port that need no check."""

    def __init__(self, time: Time, trusted: tuple[str, int] | None) -> None:
        self.time = time
        self._trusted = trusted

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - the time that is left decides, here and below
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        numbers = numbers_of(host, port, self.time.left(CONNECT))
        if (host, port) != self._trusted:
            numbers = [number for number in numbers if addresses.is_public(number)]
            if not numbers:
                raise Private(host)
        failed: Exception = httpcore2.ConnectError(f"{host} has no address")
        for number in numbers:
            try:
                stream = httpcore2.SyncBackend().connect_tcp(
                    number, port, self.time.left(CONNECT), local_address, socket_options
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failed = error  # the next one may be reached: where IPv6 leads nowhere, for one
            else:
                return _Stream(stream, self.time)
        raise failed


class _Stream(httpcore2.NetworkStream):
    """A connection each of whose steps gets what is left of the time."""

    def __init__(self, inner: httpcore2.NetworkStream, left: Time) -> None:
        self._inner, self._time = inner, left

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        return self._inner.read(max_bytes, self._time.left(READ))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        self._inner.write(buffer, self._time.left(READ))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore2.NetworkStream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, self._time.left(CONNECT)), self._time)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def numbers_of(host: str, port: int, seconds: float) -> list[str]:
    """The IP addresses of ``host``. Raises Broken (it has none), Slow.

    The system's resolver knows no time limit: it is asked in a thread of its own. It also is who understands all
    spellings of a number (127.1, 0x7f000001), as whoever connects would.
    """
    found: queue.Queue[list[str] | OSError] = queue.Queue()

    def ask() -> None:
        try:
            infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            found.put(error if isinstance(error, OSError) else OSError("no name of a machine"))
        else:
            found.put([str(info[4][0]) for info in infos])

    threading.Thread(target=ask, name="resolve", daemon=True).start()
    try:
        numbers = found.get(timeout=seconds)
    except queue.Empty as error:
        raise Slow(host) from error
    if isinstance(numbers, OSError):
        raise Broken(host, str(numbers.strerror or numbers), "name") from numbers
    return numbers
