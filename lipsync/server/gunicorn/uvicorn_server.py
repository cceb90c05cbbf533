"""uvicorn's server as the worker runs it: its settings, and how it stops."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from socket import socket

import uvicorn

from lipsync.server.asgi.app import AsgiApp
from lipsync.server.asgi.connections import Connections
from lipsync.server.asgi.timeouts import TimeoutPolicy

log = logging.getLogger(__name__)

MAX_HEAD_BYTES = 32_768
"""Most bytes of a request's line and headers."""
MAX_WEBSOCKET_MESSAGE_BYTES = 1_000_000
"""Largest message that a WebSocket client may send."""
WEBSOCKET_PING_S = 20.0
"""Seconds between two pings, so that no proxy takes a quiet WebSocket for dead."""


def configure(app: AsgiApp, connections: Connections, *, keepalive_s: int, backlog: int) -> uvicorn.Config:
    """The settings of uvicorn for one worker: the sockets are gunicorn's."""
    return uvicorn.Config(
        app,
        http=connections.protocol,  # type: ignore[arg-type]  # it makes a protocol, as a class does
        loop="asyncio",
        ws="websockets-sansio",
        ws_max_size=MAX_WEBSOCKET_MESSAGE_BYTES,
        ws_ping_interval=WEBSOCKET_PING_S,
        # A client that reads slowly answers late; one that is dead is closed by the limits of connections.py.
        ws_ping_timeout=None,
        ws_per_message_deflate=False,  # sound and video do not compress, and each connection would need a window
        h11_max_incomplete_event_size=MAX_HEAD_BYTES,
        interface="asgi3",
        lifespan="off",
        log_config=None,
        log_level="warning",
        access_log=False,  # the request log has more (lipsync/server/monitoring/request_tracking.py)
        proxy_headers=False,  # the Flask application knows its proxies (LIPSYNC_PROXIES)
        server_header=False,
        timeout_keep_alive=keepalive_s,
        backlog=backlog,
    )


class GracefulServer(uvicorn.Server):
    """Stops when ``is_stopping`` says so, instead of by signals, which the worker handles."""

    def __init__(
        self,
        config: uvicorn.Config,
        *,
        app: AsgiApp,
        connections: Connections,
        is_stopping: Callable[[], bool],
        graceful_s: float,
        policy: TimeoutPolicy,
    ) -> None:
        super().__init__(config)
        self._app, self._connections, self._is_stopping = app, connections, is_stopping
        self._graceful_s = graceful_s - min(policy.cleanup_s, graceful_s / 4)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the worker's handlers as they are."""
        yield

    async def on_tick(self, counter: int) -> bool:
        """Whether to stop; uvicorn asks ten times a second."""
        return await super().on_tick(counter) or self._is_stopping()

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        """Accept nothing more, close WebSockets with 1001, and wait ``graceful_s`` for running requests."""
        deadline = asyncio.get_running_loop().time() + self._graceful_s
        for server in self.servers:
            server.close()
        if self.force_exit:
            return
        await self._app.close_websockets()
        try:
            async with asyncio.timeout_at(deadline):
                await super().shutdown(sockets)
        except TimeoutError:
            log.warning(
                "%d connections are still open: the worker ends without them", len(self.server_state.connections)
            )
