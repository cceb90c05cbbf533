"""An address of the web, read once: what was checked is what is asked for."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import quote, urljoin, urlsplit

LONGEST = 2000
"""Characters."""

_PORTS = {"http": 80, "https": 443}
_NAME = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")  # urlsplit drops some of them without a word
_KEPT = "/%:@!$&'()*+,;=~[]?"
"""Besides letters and digits (RFC 3986): all else is sent as %XX of UTF-8."""


@dataclass(frozen=True)
class Address:
    """Where a request goes."""

    scheme: str
    """http or https."""
    host: str
    """A name in ASCII (IDNA) and small letters, or a number, without brackets: 127.0.0.1, ::1. A name may spell a
    number that only the resolver understands: 127.1, 0x7f000001, 2130706433."""
    port: int
    target: str
    """Path and query, in ASCII."""

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}{self.target}"

    @property
    def authority(self) -> str:
        """Host and port as the header Host has them (RFC 9110, 7.2)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def origin(self) -> tuple[str, str, int]:
        """Scheme, host, port."""
        return self.scheme, self.host, self.port

    def leads_to(self, location: str) -> Address:
        """Where a redirect leads. Raises ValueError."""
        return read_address(urljoin(str(self), location))


def read_address(text: str) -> Address:
    """The address that ``text`` spells; what follows # is dropped.

    Raises ValueError, which does not quote it, when it is none of http or https, has a user in it, a port that is
    none, a name that no machine has, a number with a scope (fe80::1%eth0), or more than :data:`LONGEST` characters.
    """
    text = text.strip(" ")
    if len(text) > LONGEST or _CONTROL.search(text):
        raise ValueError("an address has at most 2000 characters, all of them visible")
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError("a broken address") from None
    if parts.scheme not in _PORTS or not host or "@" in parts.netloc:
        raise ValueError("http:// or https:// and the name of a machine are expected")
    if port == 0 or parts.netloc.endswith(":"):
        raise ValueError("a port is expected after the colon")
    target = quote(parts.path, safe=_KEPT.replace("?", "")) or "/"
    if parts.query:
        target += "?" + quote(parts.query, safe=_KEPT)
    return Address(parts.scheme, _ascii(host), port or _PORTS[parts.scheme], target)


def _ascii(host: str) -> str:
    """As the resolver and a certificate have it."""
    if ":" in host:
        if "%" in host:
            raise ValueError("a scope belongs to one machine alone")
        return str(ipaddress.IPv6Address(host))
    try:
        name = host.encode("idna").decode("ascii").lower().removesuffix(".")
    except UnicodeError:
        name = ""
    if not _NAME.fullmatch(name):
        raise ValueError("no name of a machine")
    return name
