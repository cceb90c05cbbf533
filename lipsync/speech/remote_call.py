"""One POST to another machine: bounded in time and in bytes, and never to a private machine that was not named.

httpcore2 speaks HTTP; how a connection is made, and how long each of its steps may take, is decided here. Thereby the
time limit holds for everything together (names, TLS, headers that drip in byte by byte), and the address that was
checked is the one that is connected to, whatever a name server says the next time.
"""

from __future__ import annotations

import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpcore2

from lipsync.addresses import is_public
from lipsync.errors import LipsyncError

CONNECT = 5.0
"""Seconds for a connection at most."""
READ = 10.0
"""Seconds without a byte at most."""
_HOPS = 3  # redirects that are followed

Origin = tuple[str, str, int]
"""Scheme, host, port."""


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    body: bytes
    """Empty unless the status is 200."""


class Broken(Exception):
    """The connection could not be made or broke: worth another try."""


def post(
    address: str,
    headers: Mapping[str, str],
    secret: Mapping[str, str],
    body: bytes,
    *,
    most_bytes: int,
    seconds: float,
    allow_private: bool,
    clock: Callable[[], float] = time.monotonic,
) -> Answer:
    """POST ``body``. ``secret`` are headers that only the machine of ``address`` gets, never one it redirects to.

    Redirects that keep the method (307, 308) are followed, not from https to http. With ``allow_private`` the machine
    of ``address`` itself may be a private one; where it redirects to may not.

    Raises Broken, and LipsyncError: remote_slow (more than ``seconds`` in all), remote_private, remote_refused (a
    redirect that is not followed), remote_not_sound (more than ``most_bytes``).
    """
    first = origin_of(address)
    deadline = clock() + seconds
    trusted = (first[1], first[2]) if allow_private else None
    for _ in range(_HOPS + 1):
        here = origin_of(address)
        sent = {**headers, **(secret if here == first else {})}
        backend = _Backend(_Time(deadline, first[1], clock), trusted)
        answer, location = _once(address, sent, body, most_bytes, backend)
        if location is None:
            return answer
        address = urljoin(address, location)
        if not _may_follow(here, address):
            raise LipsyncError("remote_refused", host=here[1], status=answer.status)
    raise LipsyncError("remote_refused", host=first[1], status=answer.status)


def origin_of(address: str) -> Origin:
    """Raises ValueError when it is no address of the web."""
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        raise ValueError("http:// or https:// and the name of a machine are expected")
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}[parts.scheme]


def _may_follow(here: Origin, address: str) -> bool:
    try:
        return not (here[0] == "https" and origin_of(address)[0] == "http")
    except ValueError:
        return False


def _once(
    address: str, headers: Mapping[str, str], body: bytes, most_bytes: int, backend: _Backend
) -> tuple[Answer, str | None]:
    """One exchange: the answer, and where a redirect that is to be followed leads."""
    host = origin_of(address)[1]
    context = ssl.create_default_context()
    try:
        # A pool for one call: connections that went stale between two texts are no concern then.
        with (
            httpcore2.ConnectionPool(ssl_context=context, network_backend=backend) as pool,
            pool.stream("POST", address, headers=list(headers.items()), content=body) as response,
        ):
            named = {name.lower(): value for name, value in response.headers}
            if response.status in (307, 308) and b"location" in named:
                return Answer(response.status, b""), named[b"location"].decode("latin-1")
            if response.status != 200:
                return Answer(response.status, b""), None
            return Answer(200, _bounded(response, named, most_bytes, host)), None
    except httpcore2.TimeoutException as error:
        raise backend.time.up() from error
    except (httpcore2.NetworkError, httpcore2.ProtocolError, ssl.SSLError, UnicodeError) as error:
        raise Broken(_reason(error)) from error


def _bounded(response: httpcore2.Response, named: Mapping[bytes, bytes], most_bytes: int, host: str) -> bytes:
    stated = named.get(b"content-length", b"")
    pieces: list[bytes] = []
    total = int(stated) if stated.isdigit() else 0
    if total <= most_bytes:
        total = 0
        for piece in response.iter_stream():
            pieces.append(piece)
            total += len(piece)
            if total > most_bytes:
                break
    if total > most_bytes:
        what = {"en": f"more than {most_bytes} bytes", "ru": f"больше {most_bytes} байт"}
        raise LipsyncError("remote_not_sound", host=host, what=what)
    return b"".join(pieces)


class _Time:
    """What is left of the time for everything together."""

    def __init__(self, deadline: float, host: str, clock: Callable[[], float]) -> None:
        self._deadline, self._host, self._clock = deadline, host, clock

    def left(self, most: float) -> float:
        """Seconds that the next step may take. Raises remote_slow when there are none."""
        left = self._deadline - self._clock()
        if left <= 0:
            raise self.up()
        return min(most, left)

    def up(self) -> LipsyncError:
        return LipsyncError("remote_slow", host=self._host)


class _Backend(httpcore2.NetworkBackend):
    """Connects to machines whose address it has checked. ``trusted``: host and port that need no check."""

    def __init__(self, left: _Time, trusted: tuple[str, int] | None) -> None:
        self.time = left
        self._trusted = trusted

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - the time that is left decides, here and below
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        numbers = _resolve(host, port, self.time.left(CONNECT))
        if (host, port) != self._trusted:
            numbers = [number for number in numbers if is_public(number)]
            if not numbers:
                raise LipsyncError("remote_private", host=host)
        failed: Exception = httpcore2.ConnectError(f"{host} has no address")
        for number in numbers:
            try:
                stream = httpcore2.SyncBackend().connect_tcp(
                    number, port, self.time.left(CONNECT), local_address, socket_options
                )
            except httpcore2.ConnectError as error:
                failed = error
            else:
                return _Stream(stream, self.time)
        raise failed


class _Stream(httpcore2.NetworkStream):
    """A connection each of whose steps gets what is left of the time."""

    def __init__(self, inner: httpcore2.NetworkStream, left: _Time) -> None:
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


def _resolve(host: str, port: int, seconds: float) -> list[str]:
    """The numbers of ``host``. The system's resolver knows no time limit: it is asked in a thread of its own."""
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
        raise httpcore2.ConnectTimeout(f"{host} was not found in time") from error
    if isinstance(numbers, OSError):
        raise httpcore2.ConnectError(str(numbers.strerror or numbers)) from numbers
    return numbers


def _reason(error: Exception) -> str:
    cause = error.__cause__ or error
    return str(getattr(cause, "strerror", None) or getattr(cause, "reason", None) or cause) or type(cause).__name__
