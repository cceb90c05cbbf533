"""Who makes the request that is being answered."""

from __future__ import annotations

from flask import g, request

from lipsync.auth.caller import Caller


def current() -> Caller:
    """The authenticated caller; before authentication, an anonymous caller without scopes."""
    caller = g.get("caller")
    return caller if isinstance(caller, Caller) else Caller(f"address {request.remote_addr}", frozenset())
