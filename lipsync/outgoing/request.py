"""One request to another machine, and its answer.

httpcore2 speaks HTTP; how a connection is made, and how long each of its steps may take, is decided in
:mod:`lipsync.outgoing.connection`. Thereby the time limit holds for everything together (names, TLS, headers that
drip in byte by byte), and the number that was checked is the one that is connected to, whatever a name server says
the next time.
"""

from __future__ import annotations

import contextlib
import logging
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import httpcore2

from lipsync.outgoing.address import Address, read_address
from lipsync.outgoing.connection import CheckedBackend, Time
from lipsync.outgoing.failures import Astray, Broken, Encoded, Failed, Refused, TooLarge, What

# At DEBUG it logs the headers of answers, and so where redirects lead, with what is secret there.
logging.getLogger("httpcore2").setLevel(logging.INFO)

HOPS = 3
"""Redirects that are followed."""

Method = Literal["GET", "POST"]
_FOLLOWED = {"GET": (301, 302, 303, 307, 308), "POST": (307, 308)}  # the others would lose what is posted


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    """By name in small letters; those that came several times with commas between them."""
    body: bytes
    """Empty unless the status is 2xx, or when it was not wanted."""

    @property
    def succeeded(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300

    @property
    def is_framed(self) -> bool:
        """Whether the answer states where its body ends, by a length or by chunks (RFC 9112, 6.3).

        Such a body has come whole, or Broken was raised. Any other ends where the connection does.
        """
        return "content-length" in self.headers or "chunked" in self.headers.get("transfer-encoding", "").lower()


def ask(
    method: Method,
    address: Address | str,
    *,
    headers: Mapping[str, str],
    secret: Mapping[str, str] | None = None,
    body: bytes | None = None,
    most_bytes: int,
    seconds: float,
    hops: int = HOPS,
    allow_private: bool = False,
    keep: bool = True,
    clock: Callable[[], float] = time.monotonic,
) -> Answer:
    """Ask, and read the answer.

    ``secret`` are headers that only the machine of ``address`` gets, never one that it redirects to.
    At most ``hops`` redirects that keep the method are followed, not from https to http; with none of them allowed
    a redirect is an answer like others. With ``allow_private`` the machine of ``address`` itself may be a private
    one; where it redirects to may not. Without ``keep`` the body is dropped, and may be as long and slow as it likes:
    no more than ``most_bytes`` of it are waited for.

    Raises ValueError when ``address`` is none, and Failed: Broken, Slow (more than ``seconds`` in all), Private,
    TooLarge (more than ``most_bytes``), Encoded, Refused (a redirect too many), Astray (one that is not safe).
    """
    here = first = address if isinstance(address, Address) else read_address(address)
    limit = Time(clock() + seconds, first.host, clock)
    backend = CheckedBackend(limit, (first.host, first.port) if allow_private else None)
    for _ in range(hops + 1):
        sent = {"Host": here.authority, "Accept-Encoding": "identity", **headers}
        if here.origin == first.origin:
            sent.update(secret or {})
        answer = _once(method, here, sent, body, most_bytes, backend, keep)
        location = answer.headers.get("location")
        if not hops or answer.status not in _FOLLOWED[method] or location is None:
            return answer
        here = _next(here, location, answer.status)
    raise Refused(first.host, answer.status)


def _next(here: Address, location: str, status: int) -> Address:
    try:
        there = here.leads_to(location)
    except ValueError as error:
        raise Astray(here.host, status) from error
    if (here.scheme, there.scheme) == ("https", "http"):
        raise Astray(here.host, status)
    return there


def _once(
    method: Method,
    address: Address,
    headers: Mapping[str, str],
    body: bytes | None,
    most_bytes: int,
    backend: CheckedBackend,
    keep: bool,
) -> Answer:
    """One exchange."""
    tls = ssl.create_default_context() if address.scheme == "https" else None
    url = httpcore2.URL(scheme=address.scheme, host=address.host, port=address.port, target=address.target)
    try:
        # A pool for one call: connections that went stale between two requests are no concern then.
        with (
            httpcore2.ConnectionPool(ssl_context=tls, network_backend=backend) as pool,
            pool.stream(method, url, headers=list(headers.items()), content=body) as response,
        ):
            named = _named(response)
            if keep and 200 <= response.status < 300:
                return Answer(response.status, named, _bounded(response, named, most_bytes, address.host))
            if not keep:
                _drop(response, most_bytes)
            return Answer(response.status, named, b"")
    except httpcore2.LocalProtocolError:
        raise Broken(
            address.host, "what was to be sent is no HTTP"
        ) from None  # it quotes the header: it may be a key
    except httpcore2.TimeoutException as error:
        raise backend.time.up() from error
    except (httpcore2.NetworkError, httpcore2.ProtocolError, ssl.SSLError) as error:
        cause = next((inner for inner in error.args if isinstance(inner, OSError)), error)  # httpcore2 wraps it so
        what: What = "tls" if isinstance(cause, ssl.SSLError) else "connection"
        raise Broken(address.host, _reason(cause), what) from error


def _named(response: httpcore2.Response) -> dict[str, str]:
    named: dict[str, str] = {}
    for name, value in response.headers:
        key, text = name.decode("latin-1").lower(), _text(value)
        named[key] = f"{named[key]}, {text}" if key in named and key != "location" else text
    return named


def _text(value: bytes) -> str:
    try:
        return value.decode("utf-8")  # a path in a Location is often sent so, though it should be in ASCII
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _bounded(response: httpcore2.Response, named: Mapping[str, str], most_bytes: int, host: str) -> bytes:
    if named.get("content-encoding", "identity").strip().lower() not in ("identity", ""):
        raise Encoded(host)
    stated = named.get("content-length", "")
    if stated.isdecimal() and int(stated) > most_bytes:
        raise TooLarge(host)
    body = bytearray()
    for piece in response.iter_stream():
        body += piece
        if len(body) > most_bytes:
            raise TooLarge(host)
    return bytes(body)


def _drop(response: httpcore2.Response, most_bytes: int) -> None:
    """Read on, so that the other machine can end its answer in peace; its status is known already."""
    total = 0
    with contextlib.suppress(Failed, httpcore2.TimeoutException, httpcore2.NetworkError, httpcore2.ProtocolError):
        for piece in response.iter_stream():
            total += len(piece)
            if total > most_bytes:
                return


def _reason(cause: BaseException) -> str:
    return str(getattr(cause, "strerror", None) or getattr(cause, "reason", None) or cause) or type(cause).__name__
