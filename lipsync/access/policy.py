"""Who needs a key, and whether the server may start as it is set."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from sqlalchemy import Engine

from lipsync.access.keys import has_keys
from lipsync.errors import LipsyncError
from lipsync.settings import Settings


def is_local(host: str) -> bool:
    """Whether only this machine reaches ``host``: an address or a name to listen on, or an address that calls.

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


def local_alone(settings: Settings) -> bool:
    """Whether callers without a key are the people at this machine, who may all: it listens to nobody else, no proxy
    stands in front, and nothing was said about keys."""
    return is_local(settings.host) and not (settings.proxies or settings.require_key or settings.allow_anonymous)


def check_protection(settings: Settings, addresses: Iterable[str], engine: Engine) -> None:
    """Refuse what would be open to strangers by mistake. ``addresses``: those that the server listens on.

    Raises LipsyncError unprotected, database_busy.
    """
    if settings.allow_anonymous and not settings.require_key:
        return
    beyond = [one for one in (*addresses, settings.host) if not is_local(one)]
    if not (beyond or settings.proxies or settings.require_key):
        return
    if settings.jwt_secret is None and not settings.jwks_url and not has_keys(engine):
        reason = "LIPSYNC_PROXIES" if settings.proxies else "LIPSYNC_REQUIRE_KEY"
        raise LipsyncError("unprotected", address=(beyond[0] or "0.0.0.0") if beyond else reason)
