"""Where WebSocket routes are registered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, g, request

from lipsync.auth.caller import Caller
from lipsync.server.asgi.environ_keys import HANDSHAKE
from lipsync.server.caller import current

if TYPE_CHECKING:
    from starlette.websockets import WebSocket

Endpoint = Callable[["WebSocket"], Awaitable[None]]
View = Callable[..., Any]


@dataclass
class Handshake:
    """The Flask application's answer to a request for a WebSocket."""

    endpoint: Endpoint | None = None
    """The coroutine function to run; None: the handshake is refused."""
    path_params: dict[str, Any] | None = None
    """Variables of the rule."""
    caller: Caller | None = None
    ticket: Any = None
    """The :class:`lipsync.server.security.tickets.Ticket` that was used, if any."""
    farewell_s: float = 0.0
    """Seconds that the endpoint has to end by itself when the server stops."""


def add_websocket_route(
    app: Flask,
    rule: str,
    endpoint: Endpoint,
    *,
    admit: Callable[[], None] = lambda: None,
    farewell_s: float = 0.0,
    describe: Callable[[View], View] = lambda view: view,
) -> None:
    """Serve WebSockets at ``rule``, a Flask rule such as ``/api/talk/<id>``.

    The handshake is checked like a request for any other Flask route (host name, origin, key, rate limit) and is in
    the request log; ``admit`` is called in it, and may raise LipsyncError, also for a request that is no handshake.
    Then ``endpoint`` runs in the event loop with a WebSocket that it has to accept. The rule's variables are
    ``websocket.path_params``. ``websocket.state`` has the :class:`Caller` as ``caller``, its ticket or None as
    ``ticket``, and the :class:`asyncio.Event` ``stopping``, which is set when the server stops: after ``farewell_s``
    seconds, or when the endpoint has ended, the connection is closed with code 1001, and an endpoint that still runs
    after that is cancelled. ``describe`` is :func:`lipsync.server.describe.described`, which puts the route into the
    OpenAPI document.
    """

    @describe
    def upgrade(**path_params: Any) -> Response:
        handshake = request.environ.get(HANDSHAKE)
        admit()  # also for a plain request: a page learns by one why its handshake was refused, which browsers hide
        if handshake is None:
            return Response("A WebSocket is expected here.\n", 426, {"Upgrade": "websocket"}, mimetype="text/plain")
        handshake.endpoint, handshake.path_params, handshake.caller = endpoint, path_params, current()
        handshake.farewell_s, handshake.ticket = farewell_s, g.get("ticket")
        return Response(status=101)

    app.add_url_rule(rule, f"websocket {rule}", upgrade, methods=["GET"])
