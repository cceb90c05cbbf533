"""``/api/v1/stream``: a live conversation over a WebSocket."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from flask import Flask
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from lipsync.conversation.protocol.server_messages import ErrorMessage
from lipsync.conversation.repository import ConversationRepository
from lipsync.conversation.service import ConversationService
from lipsync.conversation.session.limits import SessionLimits
from lipsync.conversation.session.live_conversation import LiveConversation
from lipsync.errors import LipsyncError
from lipsync.messages import DEFAULT_LANGUAGE
from lipsync.server.asgi.websocket_routes import add_websocket_route
from lipsync.server.describe import Media, ResponseSpec, described
from lipsync.server.locale import accepted_language
from lipsync.server.security.tickets import Ticket
from lipsync.server.stream_messages import error_message

log = logging.getLogger(__name__)

PATH = "/api/v1/stream"
SUBPROTOCOL = "lipsync.v1"
TRY_AGAIN_LATER = 1013
"""Close code of RFC 6455's registry: the server is busy."""

Spend = Callable[[str], LipsyncError | None]
"""Counts a question of the caller of this name; the error where it is one too many."""


def install(
    app: Flask,
    conversations: ConversationService,
    repository: ConversationRepository,
    spend: Spend,
) -> None:
    """Serve live conversations in ``app``."""
    limits = SessionLimits()

    async def stream(websocket: WebSocket) -> None:
        offered = websocket.scope.get("subprotocols") or ()
        await websocket.accept(SUBPROTOCOL if SUBPROTOCOL in offered else None)
        language = accepted_language(websocket.headers.get("accept-language", "")) or DEFAULT_LANGUAGE
        caller: str = websocket.state.caller.name
        ticket: Ticket | None = websocket.state.ticket
        persona = None if ticket is None else ticket.persona
        socket = _Socket(websocket)

        def count() -> ErrorMessage | None:
            error = spend(caller)
            return None if error is None else error_message(error, language, fatal=False)

        try:
            with conversations.slots.slot():
                live = LiveConversation(conversations, repository, caller, language, count, persona, limits)
                code = await live.run(socket, websocket.state.stopping)
        except LipsyncError as error:
            message = error_message(error, language, fatal=True)
            await socket.send_text(message.model_dump_json(exclude_none=True))
            code = TRY_AGAIN_LATER
        await socket.close(code)

    def admit() -> None:
        conversations.slots.check()

    description = described(
        "Talk live",
        ResponseSpec(101, "A WebSocket."),
        ResponseSpec(426, "The request does not ask for a WebSocket.", Media(("text/plain",))),
        tag="conversation",
        description="Its messages: docs/reference/stream.md. Subprotocol `lipsync.v1`; a page of a browser adds "
        "`ticket.<ticket>`.",
        errors=("too_many_talks", "wrong_ticket"),
    )
    add_websocket_route(app, PATH, stream, admit=admit, farewell_s=limits.farewell_s, describe=description)


class _Socket:
    """A WebSocket of starlette as a :class:`lipsync.conversation.session.connection.ClientSocket`."""

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket
        self._sending = asyncio.Lock()

    async def receive(self) -> str | bytes | None:
        message = await self._websocket.receive()
        if message["type"] == "websocket.disconnect":
            return None
        text: str | None = message.get("text")
        data: bytes = message.get("bytes") or b""
        return data if text is None else text

    async def send_text(self, text: str) -> None:
        await self._send(lambda: self._websocket.send_text(text))

    async def send_bytes(self, data: bytes) -> None:
        await self._send(lambda: self._websocket.send_bytes(data))

    async def _send(self, send: Callable[[], Awaitable[None]]) -> None:
        async with self._sending:
            if self._websocket.application_state is not WebSocketState.CONNECTED:  # it was lost in a message before
                raise ConnectionResetError
            try:
                await send()
            except WebSocketDisconnect as error:
                raise ConnectionResetError from error

    async def close(self, code: int) -> None:
        try:
            await self._websocket.close(code)
        except (RuntimeError, OSError, WebSocketDisconnect):
            log.debug("the client has closed already")
