"""Before each request: who calls, and whether they may."""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Iterable

from flask import Flask, g, request
from sqlalchemy import Engine

from lipsync.auth.caller import SCOPES, Caller, Scope
from lipsync.auth.errors import AuthError
from lipsync.auth.keys import PREFIX, check_key
from lipsync.auth.policy import is_local, trusts_local_callers
from lipsync.auth.tokens import Tokens
from lipsync.server.security import session
from lipsync.server.security.tickets import Tickets, presented_ticket
from lipsync.settings import Settings

log = logging.getLogger(__name__)

OPEN = {
    "/",
    "/talk",
    "/static/<path:filename>",
    "/api/health",
    "/api/v1/health",
    "/api/ready",
    "/openapi.json",
    "/openapi",
    "/openapi/<path:filename>",
    "/login",
}
"""Routes that need no key, and look at none: also when the database is busy, it is told that the server is alive."""
ASKED = {"/api/me", "/v1/audio/voices", "/v1/audio/models"}
"""Routes that need no key, and answer by whose it is. Open WebUI asks for voices and models without its key."""
ADMIN = {"admin", "metrics"}
"""First parts of the routes that need the scope admin. All the others, also new ones, need generate."""

_PROXIED = ("Forwarded", "Via", "X-Real-Ip", "True-Client-Ip", "Cf-Connecting-Ip")
"""Headers that a proxy adds, beside ``X-Forwarded-…``."""


def scope_of(rule: str) -> Scope | None:
    """What a caller of this route (``/api/jobs/<id>``) must be allowed to; None: nothing."""
    if rule in OPEN or rule in ASKED:
        return None
    return "admin" if rule.split("/")[1] in ADMIN else "generate"


class Guard:
    """Sets ``g.caller``, or refuses."""

    def __init__(self, settings: Settings, engine: Engine, tickets: Tickets) -> None:
        """Raises LipsyncError bad_field for settings of tokens that cannot be right."""
        self._engine, self._tickets = engine, tickets
        self._tokens = Tokens(settings)
        self._local = trusts_local_callers(settings)
        self._everybody = settings.allow_anonymous and not settings.require_key
        self._warned = False
        if settings.jwks_url and not settings.jwt_audience:
            log.warning("LIPSYNC_JWT_AUDIENCE is empty: tokens that were made for other services are taken too")

    def install(self, app: Flask) -> None:
        """Stand before each request of ``app``."""
        app.before_request(self)

    def __call__(self) -> None:
        """Raises LipsyncError no_key, wrong_key, wrong_ticket, not_allowed, tokens_unchecked, database_busy."""
        nobody = _anonymous(())
        g.caller = nobody
        rule = request.url_rule
        if rule is None or rule.rule in OPEN:
            return  # nothing is there, or nothing is asked
        if request.method == "OPTIONS" and getattr(rule, "provide_automatic_options", False):
            return  # a browser asks what it may; Flask answers without the route
        g.caller = caller = self.caller()
        needed = scope_of(rule.rule)
        if needed is None or needed in caller.scopes:
            return
        if caller.name == nobody.name:
            raise AuthError("no_key")
        raise AuthError("not_allowed", scope=needed)

    def caller(self) -> Caller:
        """By a WebSocket's ticket, a key in the headers, the page's session, else nobody in particular."""
        ticket = presented_ticket()
        if ticket is not None:
            g.ticket = redeemed = self._tickets.redeem(ticket, request.headers.get("Origin"))
            return redeemed.caller
        text = _presented_key()
        # Where no key is needed, a client that cannot go without one (OpenAI's) sends something in its place.
        if text is not None and (text.startswith(PREFIX) or self._tokens.are_accepted or not self._unasked()):
            return check_key(self._engine, text).caller if text.startswith(PREFIX) else self._tokens.check(text)
        return session.caller(self._engine) or _anonymous(self._unasked())

    def _unasked(self) -> tuple[Scope, ...]:
        """What they may who have no key."""
        if self._everybody:
            return ("generate",)
        if not self._local or not is_local(request.remote_addr or "localhost"):  # a socket in the file system: none
            return ()
        if _is_proxied():
            if not self._warned:
                self._warned = True
                log.warning("a request came through a proxy and LIPSYNC_PROXIES is 0: it needs a key")
            return ()
        return SCOPES


def _anonymous(scopes: Iterable[Scope]) -> Caller:
    address = request.remote_addr or "local"
    try:
        number = ipaddress.ip_address(address)
        address = str(getattr(number, "ipv4_mapped", None) or number)
    except ValueError:
        address = address[:64]
    return Caller(f"address {address}", frozenset(scopes))


def _presented_key() -> str | None:
    """The key or token in the headers. Raises LipsyncError wrong_key: two that differ."""
    scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
    own = request.headers.get("X-API-Key")
    if scheme.lower() != "bearer":  # Basic and others are for a proxy in front
        return own
    if own is not None and own.strip() != bearer.strip():
        raise AuthError("wrong_key")
    return bearer.strip()


def _is_proxied() -> bool:
    return any(name.startswith("X-Forwarded-") or name in _PROXIED for name in request.headers.keys())  # noqa: SIM118
