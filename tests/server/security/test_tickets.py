"""Tickets: for one use, within a minute, from one site."""

from __future__ import annotations

import re

import pytest

from lipsync.auth.caller import Caller
from lipsync.conversation.errors import TicketError
from lipsync.server.security.tickets import LIFETIME_S, Tickets

CALLER = Caller("key 1", frozenset(("generate",)))
SITE = "https://example.org"


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_ticket_works_once() -> None:
    tickets = Tickets()
    text = tickets.issue(CALLER, f"{SITE}/", "ada")
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", text)
    ticket = tickets.redeem(text, SITE.upper())
    assert (ticket.caller, ticket.persona) == (CALLER, "ada")
    with pytest.raises(TicketError):
        tickets.redeem(text, SITE)


@pytest.mark.parametrize("origin", ["https://evil.org", None, "http://example.org"])
def test_a_ticket_is_for_its_site(origin: str | None) -> None:
    tickets = Tickets()
    text = tickets.issue(CALLER, SITE, "ada")
    with pytest.raises(TicketError):
        tickets.redeem(text, origin)
    with pytest.raises(TicketError):  # and is used up
        tickets.redeem(text, SITE)


def test_a_ticket_expires() -> None:
    clock = Clock()
    tickets = Tickets(clock)
    text = tickets.issue(CALLER, None, None)
    clock.now = LIFETIME_S
    with pytest.raises(TicketError):
        tickets.redeem(text, None)


def test_one_caller_has_a_bounded_number_of_tickets() -> None:
    tickets = Tickets()
    other = tickets.issue(Caller("key 2", frozenset()), None, None)
    issued = [tickets.issue(CALLER, None, None) for _ in range(101)]
    with pytest.raises(TicketError):
        tickets.redeem(issued[0], None)
    tickets.redeem(issued[1], None)
    tickets.redeem(other, None)


@pytest.mark.parametrize("text", ["", "x", "\ud800", "é" * 43])
def test_nonsense_is_refused(text: str) -> None:
    with pytest.raises(TicketError):
        Tickets().redeem(text, None)
