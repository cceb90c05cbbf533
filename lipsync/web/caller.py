"""Who makes the request that is being answered."""

from __future__ import annotations

from flask import g, request

from lipsync.access.caller import Caller


def current() -> Caller:
    """The one whom the guard has found; before that, whoever is at that address, who may nothing."""
    caller = g.get("caller")
    return caller if isinstance(caller, Caller) else Caller(f"address {request.remote_addr}", frozenset())
