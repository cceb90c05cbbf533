"""The HTTP client of the package: bounded in time and bytes, and closed to private networks (SSRF).

The servers of language models alone are called by another, asynchronous client (:mod:`lipsync.language_models.http`).

httpcore2 speaks HTTP. How a connection is made, and how long each of its steps may take, is decided in
:mod:`lipsync.net.connection`, so that the time limit covers everything together: names, TLS, and headers that arrive
byte by byte.
"""

from __future__ import annotations

import contextlib
import ipaddress
import logging
import math
import ssl
import time
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import httpcore2

from lipsync.net import ip_addresses
from lipsync.net.connection import IDLE_TIMEOUT_S, CheckedBackend, Deadline
from lipsync.net.errors import (
    CompressedBody,
    ConnectionFailed,
    PrivateAddress,
    RequestFailed,
    Step,
    TooLarge,
    TooManyRedirects,
    UnsafeRedirect,
)
from lipsync.net.url import Url, parse_url

# At DEBUG it logs the headers of responses, and so redirects with the secrets in their URLs.
logging.getLogger("httpcore2").setLevel(logging.INFO)

MAX_REDIRECTS = 3

Method = Literal["GET", "POST"]
_REDIRECTS = {"GET": (301, 302, 303, 307, 308), "POST": (307, 308)}
"""Status codes of redirects that keep the method."""


@dataclass(frozen=True)
class HttpResponse:
    """A response that was read completely."""

    status: int
    headers: Mapping[str, str]
    """Values by name in lower case; a header that came several times is joined by commas."""
    body: bytes
    """Empty unless the status is 2xx and the body was requested."""

    @property
    def is_success(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300

    @property
    def is_framed(self) -> bool:
        """Whether the response states where its body ends, by a length or by chunks (RFC 9112, 6.3).

        Then the body is complete, or ConnectionFailed was raised. Otherwise it ends where the connection ended.
        """
        return "content-length" in self.headers or "chunked" in self.headers.get("transfer-encoding", "").lower()


class HttpStream:
    """A response whose body is read piece by piece."""

    def __init__(self, response: httpcore2.Response, host: str, deadline: Deadline) -> None:
        self._response, self._host, self._deadline = response, host, deadline
        self.status = response.status
        self.headers = _headers(response)
        """As in :class:`HttpResponse`."""

    @property
    def is_success(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300

    def chunks(self, max_bytes: int) -> Iterator[bytes]:
        """Yield the body. Raises TooLarge above ``max_bytes``, CompressedBody, ConnectionFailed, DeadlineExceeded."""
        if self.headers.get("content-encoding", "identity").strip().lower() not in ("identity", ""):
            raise CompressedBody(self._host)
        stated = self.headers.get("content-length", "")
        if stated.isdecimal() and int(stated) > max_bytes:
            raise TooLarge(self._host)
        total = 0
        with _translate_errors(self._host, self._deadline):
            for chunk in self._response.iter_stream():
                total += len(chunk)
                if total > max_bytes:
                    raise TooLarge(self._host)
                yield chunk

    def drain(self, max_bytes: int) -> None:
        """Read and drop up to ``max_bytes``, so that the server can finish its response; errors are ignored."""
        total = 0
        with contextlib.suppress(RequestFailed), _translate_errors(self._host, self._deadline):
            for chunk in self._response.iter_stream():
                total += len(chunk)
                if total > max_bytes:
                    return


def send(
    method: Method,
    url: Url | str,
    *,
    headers: Mapping[str, str],
    secret: Mapping[str, str] | None = None,
    body: bytes | None = None,
    max_bytes: int,
    timeout_s: float,
    max_redirects: int = MAX_REDIRECTS,
    allow_private: bool = False,
    use_proxy: bool = False,
    read_body: bool = True,
    clock: Callable[[], float] = time.monotonic,
) -> HttpResponse:
    """Send a request and read its response.

    ``timeout_s`` covers everything together. Without ``read_body`` the body is dropped, whatever its length: at most
    ``max_bytes`` of it are waited for. The other parameters are those of :func:`open_url`.

    Raises ValueError for an invalid URL; RequestFailed.
    """
    with open_url(
        method,
        url,
        headers=headers,
        secret=secret,
        body=body,
        timeout_s=timeout_s,
        max_redirects=max_redirects,
        allow_private=allow_private,
        use_proxy=use_proxy,
        clock=clock,
    ) as response:
        if not read_body:
            response.drain(max_bytes)
        content = b"".join(response.chunks(max_bytes)) if read_body and response.is_success else b""
        return HttpResponse(response.status, response.headers, content)


@contextlib.contextmanager
def open_url(
    method: Method,
    url: Url | str,
    *,
    headers: Mapping[str, str],
    secret: Mapping[str, str] | None = None,
    body: bytes | None = None,
    timeout_s: float = math.inf,
    idle_timeout_s: float = IDLE_TIMEOUT_S,
    max_redirects: int = MAX_REDIRECTS,
    allow_private: bool = False,
    trusted_hosts: Container[str] = (),
    https_only: bool = False,
    use_proxy: bool = False,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[HttpStream]:
    """Send a request and yield its response, whose body is not read yet.

    ``secret`` are headers for the origin of ``url`` only, never for one that it redirects to. Up to ``max_redirects``
    redirects that keep the method are followed, never from https to http; with 0 a redirect is a response like any
    other. The origin of ``url`` may have a private address where ``allow_private``, and so may ``trusted_hosts``.
    With ``use_proxy`` the proxies of the environment (``https_proxy``, ``no_proxy``) are used; a proxy resolves names
    itself, so only IP addresses in URLs can be checked then.

    Raises ValueError for an invalid URL, or one without https where ``https_only``; RequestFailed: ConnectionFailed,
    DeadlineExceeded (more than ``timeout_s`` in all, or ``idle_timeout_s`` for one read), PrivateAddress,
    TooManyRedirects, UnsafeRedirect.
    """
    current = first = url if isinstance(url, Url) else parse_url(url)
    if https_only and first.scheme != "https":
        raise ValueError("the URL must begin with https://")
    deadline = Deadline(clock() + timeout_s, first.host, clock)

    def is_trusted(host: str, port: int) -> bool:
        return (allow_private and (host, port) == (first.host, first.port)) or host in trusted_hosts

    for _ in range(max_redirects + 1):
        sent = {"Host": current.authority, "Accept-Encoding": "identity", **headers}
        if current.origin == first.origin:
            sent.update(secret or {})
        with contextlib.ExitStack() as stack:
            with _translate_errors(current.host, deadline):
                pool = stack.enter_context(_pool(current, deadline, is_trusted, idle_timeout_s, use_proxy=use_proxy))
                target = httpcore2.URL(
                    scheme=current.scheme, host=current.host, port=current.port, target=current.target
                )
                response = stack.enter_context(pool.stream(method, target, headers=list(sent.items()), content=body))
            stream = HttpStream(response, current.host, deadline)
            location = stream.headers.get("location")
            if not max_redirects or stream.status not in _REDIRECTS[method] or location is None:
                yield stream
                return
        current = _redirect(current, location, stream.status, https_only=https_only)
    raise TooManyRedirects(first.host, stream.status)


def _redirect(current: Url, location: str, status: int, *, https_only: bool) -> Url:
    try:
        following = current.join(location)
    except ValueError as error:
        raise UnsafeRedirect(current.host, status) from error
    if following.scheme == "http" and (current.scheme == "https" or https_only):
        raise UnsafeRedirect(current.host, status)
    return following


def _pool(
    url: Url, deadline: Deadline, is_trusted: Callable[[str, int], bool], idle_timeout_s: float, *, use_proxy: bool
) -> httpcore2.ConnectionPool:
    """Return a pool for one request: no connection can have gone stale in it."""
    tls = ssl.create_default_context() if url.scheme == "https" else None
    proxy = _environment_proxy(url) if use_proxy else None
    if proxy is None:
        return httpcore2.ConnectionPool(
            ssl_context=tls, network_backend=CheckedBackend(deadline, is_trusted, idle_timeout_s)
        )
    if not is_trusted(url.host, url.port) and _is_private_literal(url.host):
        raise PrivateAddress(url.host)
    # The only connection is that to the proxy, which the person who set it trusts.
    backend = CheckedBackend(deadline, lambda _host, _port: True, idle_timeout_s)
    return httpcore2.ConnectionPool(ssl_context=tls, proxy=proxy, network_backend=backend)


def _environment_proxy(url: Url) -> httpcore2.Proxy | None:
    """Return the proxy that the environment names for this URL. Raises ConnectionFailed for an unsupported one."""
    address = getproxies().get(url.scheme)
    if not address or proxy_bypass(url.host):
        return None
    try:
        parts = urlsplit(address if "://" in address else f"http://{address}")
        default_port = {"http": 80, "https": 443}[parts.scheme]
        port = parts.port or default_port
        host = parts.hostname or ""
    except (ValueError, KeyError):
        raise ConnectionFailed(url.host, f"invalid proxy in the environment: {url.scheme}_proxy") from None
    auth = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
    return httpcore2.Proxy(httpcore2.URL(scheme=parts.scheme, host=host, port=port, target="/"), auth=auth)


def _is_private_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return not ip_addresses.is_public(host)


@contextlib.contextmanager
def _translate_errors(host: str, deadline: Deadline) -> Iterator[None]:
    """Turn httpcore2's errors into RequestFailed."""
    try:
        yield
    except httpcore2.LocalProtocolError:
        # Without its cause, which quotes the header: that may be a key.
        raise ConnectionFailed(host, "the request is not valid HTTP") from None
    except httpcore2.TimeoutException as error:
        raise deadline.expired_error() from error
    except httpcore2.ProxyError as error:
        raise ConnectionFailed(host, f"proxy: {error}") from error
    except (httpcore2.NetworkError, httpcore2.ProtocolError, ssl.SSLError) as error:
        cause = next((inner for inner in error.args if isinstance(inner, OSError)), error)  # httpcore2 wraps it so
        step: Step = "tls" if isinstance(cause, ssl.SSLError) else "connection"
        raise ConnectionFailed(host, _reason(cause), step) from error


def _headers(response: httpcore2.Response) -> dict[str, str]:
    headers: dict[str, str] = {}
    for raw_name, raw_value in response.headers:
        name, value = raw_name.decode("latin-1").lower(), _decode(raw_value)
        headers[name] = f"{headers[name]}, {value}" if name in headers and name != "location" else value
    return headers


def _decode(value: bytes) -> str:
    try:
        return value.decode("utf-8")  # a path in a Location is often UTF-8, though it should be ASCII
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _reason(cause: BaseException) -> str:
    return str(getattr(cause, "strerror", None) or getattr(cause, "reason", None) or cause) or type(cause).__name__
