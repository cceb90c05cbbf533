"""Parsing of http(s) URLs: the URL that was checked is the URL that is requested."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import quote, urljoin, urlsplit

MAX_LENGTH = 2000
"""Maximum length of a URL that a person enters, in characters."""
MAX_REDIRECT_LENGTH = 8192
"""Maximum length of a URL in a redirect, in characters: those of object stores carry long signatures."""

_DEFAULT_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")  # urlsplit silently drops some of them
_UNQUOTED = "/%:@!$&'()*+,;=~[]?"
"""Characters besides letters and digits that are sent as they are (RFC 3986); all others as %XX of UTF-8."""


@dataclass(frozen=True)
class Url:
    """A parsed http(s) URL."""

    scheme: str
    """``http`` or ``https``."""
    host: str
    """Host name in ASCII (IDNA) and lower case, or IP address without brackets: ``127.0.0.1``, ``::1``. A name may
    spell an IP address that only the resolver understands: 127.1, 0x7f000001, 2130706433."""
    port: int
    target: str
    """Path and query, in ASCII."""

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}{self.target}"

    @property
    def authority(self) -> str:
        """Host, and port unless it is the default, as in the header Host (RFC 9110, 7.2)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def origin(self) -> tuple[str, str, int]:
        """Scheme, host and port."""
        return self.scheme, self.host, self.port

    def join(self, location: str) -> Url:
        """Return the URL to which a redirect with this ``location`` leads. Raises ValueError."""
        return parse_url(urljoin(str(self), location), MAX_REDIRECT_LENGTH)


def parse_url(text: str, max_length: int = MAX_LENGTH) -> Url:
    """Parse an http(s) URL; the fragment is dropped.

    Raises ValueError, whose message does not quote ``text``, for another scheme, a user name, an invalid port or host
    name, an IP address with a scope (fe80::1%eth0), control characters, or more than ``max_length`` characters.
    """
    text = text.strip(" ")
    if len(text) > max_length or _CONTROL.search(text):
        raise ValueError(f"a URL has at most {max_length} printable characters")
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError("invalid URL") from None
    if parts.scheme not in _DEFAULT_PORTS or not host or "@" in parts.netloc:
        raise ValueError("a URL must have the form http(s)://host/path, without a user name")
    if port == 0 or parts.netloc.endswith(":"):
        raise ValueError("invalid port in the URL")
    target = quote(parts.path, safe=_UNQUOTED.replace("?", "")) or "/"
    if parts.query:
        target += "?" + quote(parts.query, safe=_UNQUOTED)
    return Url(parts.scheme, _ascii_host(host), port or _DEFAULT_PORTS[parts.scheme], target)


def _ascii_host(host: str) -> str:
    """Return the host as the resolver and a certificate spell it."""
    if ":" in host:
        if "%" in host:
            raise ValueError("an IP address with a scope is valid on one machine only")
        return str(ipaddress.IPv6Address(host))
    try:
        name = host.encode("idna").decode("ascii").lower().removesuffix(".")
    except UnicodeError:
        name = ""
    if not _HOST.fullmatch(name):
        raise ValueError("invalid host name in the URL")
    return name
