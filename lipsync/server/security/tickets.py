"""Tickets for WebSockets of browsers, which cannot send an API key: for one use within a minute, from one site."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

from flask import request

from lipsync.auth.caller import Caller
from lipsync.conversation.errors import TicketError
from lipsync.server.asgi.environ_keys import HANDSHAKE

SUBPROTOCOL_PREFIX = "ticket."
"""Begins the WebSocket subprotocol that is a ticket."""
LIFETIME_S = 60
"""Seconds within which a ticket is used."""
_MAX_TICKETS = 10_000
"""Tickets of all callers; the oldest are forgotten first."""
_MAX_TICKETS_OF_CALLER = 100


@dataclass(frozen=True)
class Ticket:
    """What a ticket permits."""

    caller: Caller
    """The caller who requested it, with whose rights it is used."""
    origin: str | None
    """The site from which it is used, as browsers send it in ``Origin``; None: no page of a browser."""
    persona: str | None
    """The persona to talk with; None: any."""
    expires: float


class Tickets:
    """The tickets of this process. Thread-safe. Only their hashes are kept."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._tickets: OrderedDict[bytes, Ticket] = OrderedDict()

    def issue(self, caller: Caller, origin: str | None, persona: str | None) -> str:
        """A new ticket for ``caller``: 43 characters that a WebSocket subprotocol may have."""
        text = secrets.token_urlsafe(32)
        now = self._clock()
        ticket = Ticket(caller, _normalized(origin), persona, now + LIFETIME_S)
        with self._lock:
            self._forget(now, caller)
            self._tickets[_digest(text)] = ticket
        return text

    def redeem(self, text: str, origin: str | None) -> Ticket:
        """Use a ticket, once, from ``origin``; that only its persona is talked with is the session's matter.

        A ticket that is used wrongly is used up. Raises TicketError wrong_ticket.
        """
        with self._lock:
            ticket = self._tickets.pop(_digest(text), None)
        if ticket is None or self._clock() >= ticket.expires or ticket.origin != _normalized(origin):
            raise TicketError("wrong_ticket")
        return ticket

    def _forget(self, now: float, caller: Caller) -> None:
        """Forget expired tickets, and the oldest above the limits."""
        while self._tickets and (
            next(iter(self._tickets.values())).expires <= now or len(self._tickets) >= _MAX_TICKETS
        ):
            self._tickets.popitem(last=False)
        own = [key for key, ticket in self._tickets.items() if ticket.caller.name == caller.name]
        for key in own[: max(0, len(own) - _MAX_TICKETS_OF_CALLER + 1)]:
            del self._tickets[key]


def presented_ticket() -> str | None:
    """The ticket among the subprotocols of this request for a WebSocket; None for any other request."""
    if HANDSHAKE not in request.environ:
        return None
    offered = (part.strip() for part in request.headers.get("Sec-WebSocket-Protocol", "").split(","))
    tickets = (part.removeprefix(SUBPROTOCOL_PREFIX) for part in offered if part.startswith(SUBPROTOCOL_PREFIX))
    return next(tickets, None)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _normalized(origin: str | None) -> str | None:
    return origin.strip().rstrip("/").lower() if origin else None
