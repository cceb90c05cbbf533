"""How an address on the web is opened: https and public machines only, at every step of a redirect."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Protocol
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
    getproxies,
    proxy_bypass,
)

from lipsync import __version__
from lipsync.addresses import is_public
from lipsync.errors import LipsyncError

TIMEOUT = 30.0
"""Seconds without a byte."""


class Response(Protocol):
    """What an opened address gives."""

    status: int

    def getheader(self, name: str) -> str | None: ...

    def read(self, amount: int) -> bytes: ...


Open = Callable[[str, Mapping[str, str]], contextlib.AbstractContextManager[Response]]
"""Opens an address with headers. What :func:`open_public` does; a test gives another."""


@contextlib.contextmanager
def open_public(
    address: str, headers: Mapping[str, str], trusted: frozenset[str] = frozenset()
) -> Iterator[Response]:
    """GET ``address``. A proxy of the environment is used, and then is the one who knows the machines behind names.

    ``trusted`` names hosts that may be private machines: the person's own package index.

    Raises LipsyncError: unsafe_address (not https; a private, loopback or link-local machine; also where a redirect
    leads to one), no_network, download_refused.
    """
    check_address(address, trusted)
    host = urlsplit(address).hostname or ""
    context = ssl.create_default_context()
    proxied = "https" in getproxies() and not proxy_bypass(host)
    opener = OpenerDirector()
    for handler in (
        ProxyHandler(),
        HTTPSHandler(context=context) if proxied else _PublicHandler(context, trusted),
        _SafeRedirects(trusted),
        HTTPDefaultErrorHandler(),
        HTTPErrorProcessor(),
    ):
        opener.add_handler(handler)
    request = Request(address, headers={"User-Agent": f"lipsync/{__version__}", **headers})
    with said_plainly(host):
        response = opener.open(request, timeout=TIMEOUT)
    with response:
        yield response


@contextlib.contextmanager
def said_plainly(host: str) -> Iterator[None]:
    """What goes wrong on the way, as no_network or download_refused."""
    try:
        yield
    except HTTPError as error:
        error.close()
        raise LipsyncError("download_refused", host=host, status=error.code) from error
    except URLError as error:
        if isinstance(error.reason, LipsyncError):
            raise error.reason from None
        raise LipsyncError("no_network", host=host, reason=_reason(error.reason)) from error
    except (OSError, http.client.HTTPException) as error:
        raise LipsyncError("no_network", host=host, reason=_reason(error)) from error


def check_address(address: str, trusted: frozenset[str] = frozenset()) -> None:
    """Raise unsafe_address unless ``address`` is https, without a user, and no private machine's number."""
    parts = urlsplit(address)
    if parts.scheme != "https" or not parts.hostname or parts.username is not None:
        raise LipsyncError("unsafe_address", address=address)
    if parts.hostname not in trusted:
        with contextlib.suppress(ValueError):  # a name, not a number
            check_machine(parts.hostname, address)


def check_machine(number: str, address: str) -> None:
    """Raise unsafe_address unless the IP address is a public one; ValueError when it is none."""
    if not is_public(number):
        raise LipsyncError("unsafe_address", address=address)


class _PublicConnection(http.client.HTTPSConnection):
    """Speaks only when the machine that answers is a public one, whatever a name server says."""

    def __init__(self, host: str, *, context: ssl.SSLContext, trusted: frozenset[str], timeout: float) -> None:
        super().__init__(host, context=context, timeout=timeout)
        self._tls, self._trusted = context, trusted

    def connect(self) -> None:
        raw = socket.create_connection((self.host, self.port), self.timeout)
        try:
            if self.host not in self._trusted:
                check_machine(raw.getpeername()[0], f"https://{self.host}")
            self.sock = self._tls.wrap_socket(raw, server_hostname=self.host)
        except BaseException:
            raw.close()
            raise


class _PublicHandler(HTTPSHandler):
    def __init__(self, context: ssl.SSLContext, trusted: frozenset[str]) -> None:
        super().__init__(context=context)
        self._connection = partial(_PublicConnection, context=context, trusted=trusted)

    def https_open(self, req: Request) -> http.client.HTTPResponse:
        return self.do_open(self._connection, req)


class _SafeRedirects(HTTPRedirectHandler):
    def __init__(self, trusted: frozenset[str]) -> None:
        self._trusted = trusted

    def redirect_request(
        self, req: Request, fp: object, code: int, msg: str, headers: http.client.HTTPMessage, newurl: str
    ) -> Request | None:
        check_address(newurl, self._trusted)
        following = super().redirect_request(req, fp, code, msg, headers, newurl)  # type: ignore[arg-type]
        if following is not None and urlsplit(newurl).netloc != urlsplit(req.full_url).netloc:
            following.remove_header("Authorization")  # was for the first machine
        return following


def _reason(error: object) -> str:
    if isinstance(error, socket.gaierror):
        return "DNS"
    if isinstance(error, TimeoutError):
        return "timeout"
    text = getattr(error, "strerror", None) or getattr(error, "reason", None) or str(error)
    return str(text) or type(error).__name__
