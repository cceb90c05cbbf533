"""The ASGI application around a Flask application.

``create_app()`` returns a Flask application, and ``app:app`` is one. The gunicorn worker serves ``AsgiApp(app)``:
HTTP goes to Flask in a pool of threads, WebSockets go to the coroutines that were registered in websocket_routes.py,
in the event loop.
"""

from __future__ import annotations

import asyncio
import io
import logging
import time
from collections.abc import Callable
from contextlib import nullcontext, suppress

from flask import Flask
from starlette.websockets import WebSocket, WebSocketDisconnect

from lipsync.server.asgi.asgi_types import Message, Receive, Scope, Send
from lipsync.server.asgi.connections import Connection
from lipsync.server.asgi.environ_keys import HANDSHAKE
from lipsync.server.asgi.request_head import RequestHead
from lipsync.server.asgi.timeouts import TimeoutPolicy
from lipsync.server.asgi.websocket_routes import Endpoint, Handshake
from lipsync.server.asgi.wsgi_bridge import WsgiBridge

log = logging.getLogger(__name__)

GOING_AWAY = 1001
INTERNAL_ERROR = 1011
"""Close codes of RFC 6455, 7.4.1."""


class AsgiApp:
    """``app`` as an ASGI application."""

    def __init__(
        self,
        app: Flask,
        *,
        threads: int,
        policy: TimeoutPolicy | None = None,
        proxies: int = 0,
        is_stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        """``threads``: size of the pool for HTTP requests. ``proxies``: number of trusted proxies in front."""
        self._policy = policy or TimeoutPolicy()
        self._proxies = proxies
        self._bridge = WsgiBridge(
            app,
            threads=threads,
            policy=self._policy,
            is_stopping=is_stopping,
            proxies=proxies,
            max_body_bytes=app.config.get("MAX_CONTENT_LENGTH"),
        )
        self._websockets: set[_OpenWebSocket] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one HTTP request, or one WebSocket until it is closed."""
        connection = (scope.get("state") or {}).get("connection")
        with connection.request() if connection else nullcontext():
            if scope["type"] == "http":
                await self._bridge(scope, receive, send)
            elif scope["type"] == "websocket":
                await self._serve_websocket(scope, receive, send)

    async def close_websockets(self) -> None:
        """Close all with code 1001, and wait until the clients have closed and the endpoints have ended; those that
        have not after ``policy.websocket_close_s`` are dropped. To be called when the server stops."""
        websockets = list(self._websockets)
        closing = [asyncio.create_task(websocket.close_gracefully()) for websocket in websockets]
        if not closing:
            return
        await asyncio.wait(closing, timeout=self._policy.websocket_close_s)
        for task, websocket in zip(closing, websockets, strict=True):
            if not task.done():
                websocket.abort()

    async def _serve_websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()  # websocket.connect
        handshake = Handshake()
        environ = RequestHead(scope, self._proxies).environ(io.BytesIO())
        for name in ("HTTP_UPGRADE", "HTTP_CONNECTION"):
            environ.pop(name, None)
        environ[HANDSHAKE] = handshake
        status, headers, body = await self._bridge.call(environ)
        if handshake.endpoint is None:
            await send({"type": "websocket.http.response.start", "status": status, "headers": headers})
            await send({"type": "websocket.http.response.body", "body": body, "more_body": False})
            return
        scope["path_params"] = handshake.path_params
        scope["state"] = {
            **(scope.get("state") or {}),
            "caller": handshake.caller,
            "ticket": handshake.ticket,
            "stopping": asyncio.Event(),
        }
        websocket = _OpenWebSocket(scope, receive, send, handshake.endpoint, handshake.farewell_s)
        self._websockets.add(websocket)
        try:
            await websocket.run()
        finally:
            self._websockets.discard(websocket)


class _OpenWebSocket:
    """A WebSocket and its endpoint, which is interrupted when the server stops."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, endpoint: Endpoint, farewell_s: float) -> None:
        self._send = send
        self._farewell_s = farewell_s
        self._stopping: asyncio.Event = scope["state"]["stopping"]
        self._is_closed = False
        self._connect: Message | None = {"type": "websocket.connect"}
        self._receive = receive
        websocket = WebSocket(scope, self._received, self._sent)
        self._path = scope["path"]
        self._connection: Connection | None = scope["state"].get("connection")
        self._task = asyncio.create_task(self._run(endpoint, websocket))

    async def run(self) -> None:
        """Wait for the endpoint's end."""
        await asyncio.wait([self._task])

    async def close_gracefully(self) -> None:
        """Let the endpoint end, or send a close frame with code 1001; wait for the client to close the connection and
        for the endpoint's end."""
        self._stopping.set()
        if self._farewell_s:
            await asyncio.wait([self._task], timeout=self._farewell_s)
        await self._close(GOING_AWAY)
        if self._connection is not None:
            await self._connection.closed.wait()
        await asyncio.wait([self._task])

    def abort(self) -> None:
        """Cancel the endpoint, and drop the connection with everything that the client has not read."""
        self._task.cancel()
        if self._connection is not None:
            self._connection.abort()

    async def _run(self, endpoint: Endpoint, websocket: WebSocket) -> None:
        began = time.perf_counter()
        try:
            await endpoint(websocket)
            await self._close(1000)
        except (WebSocketDisconnect, OSError, asyncio.CancelledError):
            pass
        except Exception:
            log.exception("a WebSocket endpoint failed: %s", self._path)
            await self._close(INTERNAL_ERROR)
        log.info("WebSocket %s ended after %.3f s", self._path, time.perf_counter() - began)

    async def _close(self, code: int) -> None:
        if not self._is_closed:
            self._is_closed = True
            with suppress(Exception):  # the client has gone
                await self._send({"type": "websocket.close", "code": code})

    async def _received(self) -> Message:
        connect, self._connect = self._connect, None
        message: Message = connect or await self._receive()
        if message["type"] == "websocket.disconnect":
            self._is_closed = True
        return message

    async def _sent(self, message: Message) -> None:
        if self._is_closed:
            raise BrokenPipeError("the WebSocket is closed")
        self._is_closed = message["type"] == "websocket.close"
        await self._send(message)
