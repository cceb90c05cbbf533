"""Which callers need a key, and whether the configured server is protected enough to start."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from sqlalchemy import Engine

from lipsync.auth.errors import AuthError
from lipsync.auth.keys import has_keys
from lipsync.settings import Settings


def is_local(host: str) -> bool:
    """Whether ``host``, an address or name to listen on or the address of a caller, is this machine.

    >>> is_local("127.0.0.1"), is_local("::1"), is_local("::ffff:127.0.0.1"), is_local("0.0.0.0"), is_local("")
    (True, True, True, False, False)
    """
    if host.lower() == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback


def trusts_local_callers(settings: Settings) -> bool:
    """Whether callers without a key have all scopes: only this machine reaches the server, by no proxy, and the
    settings demand no key."""
    return is_local(settings.host) and not (settings.proxies or settings.require_key or settings.allow_anonymous)


def check_protection(settings: Settings, addresses: Iterable[str], engine: Engine) -> None:
    """Refuse to start a server that strangers could use by mistake; ``addresses`` are those that it listens on.

    Raises AuthError unprotected, DatabaseError.
    """
    if settings.allow_anonymous and not settings.require_key:
        return
    reachable = [address for address in (*addresses, settings.host) if not is_local(address)]
    if not (reachable or settings.proxies or settings.require_key):
        return
    if settings.jwt_secret is None and not settings.jwks_url and not has_keys(engine):
        reason = "LIPSYNC_PROXIES" if settings.proxies else "LIPSYNC_REQUIRE_KEY"
        raise AuthError("unprotected", address=(reachable[0] or "0.0.0.0") if reachable else reason)
