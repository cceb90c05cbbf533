"""The Flask application (WSGI, PEP 3333) inside an ASGI server.

A thread is taken only while the application computes: the body of a request is received before, and a slow client
that reads its answer, or a stream that waits for its next piece (:class:`Pause`), is waited for in the event loop.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING, TypeVar

from lipsync.errors import InternalError, LipsyncError
from lipsync.server.asgi.asgi_types import Message, Receive, Scope, Send
from lipsync.server.asgi.connections import Connection
from lipsync.server.asgi.environ_keys import HAS_LEFT, PAUSE
from lipsync.server.asgi.pause import Pause
from lipsync.server.asgi.refusals import refuse
from lipsync.server.asgi.request_head import NoConnection, RequestHead
from lipsync.server.asgi.timeouts import StallLimits, TimeoutPolicy
from lipsync.server.asgi.upload_slots import UploadSlots
from lipsync.server.asgi.wsgi_call import WsgiCall
from lipsync.server.request_errors import RequestError

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

log = logging.getLogger(__name__)

Result = TypeVar("Result")

SMALL_BODY_BYTES = 8192
"""Bodies up to this size need no upload slot."""
MEMORY_BYTES = 1_000_000
"""Larger bodies are received into a temporary file."""
DISCARD_FACTOR = 10
"""How many times the largest allowed body is read and dropped: many a client (Python's own) reads an answer only when
it has sent everything."""
_LOOK_S = 0.5
"""Seconds between two looks at the limits of a client that sends nothing."""


class WsgiBridge:
    """An ASGI application for HTTP, which calls a WSGI application in a pool of threads."""

    def __init__(
        self,
        app: WSGIApplication,
        *,
        threads: int,
        policy: TimeoutPolicy,
        is_stopping: Callable[[], bool],
        proxies: int = 0,
        max_body_bytes: int | None = None,
    ) -> None:
        """
        Parameters
        ----------
        threads : size of the pool
        proxies : number of trusted proxies in front, whose ``X-Forwarded-For`` has the address of the client
        max_body_bytes : limit above which the application refuses a body, and the rest is dropped; None: no limit
        """
        self._app = app
        self._pool = ThreadPoolExecutor(threads, "request")
        self._policy, self._is_stopping = policy, is_stopping
        self._proxies, self._max_body = proxies, max_body_bytes
        total = max(2, threads // 4)
        self._slots = UploadSlots(total, max(1, total // 5))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = RequestHead(scope, self._proxies)
        with SpooledTemporaryFile(MEMORY_BYTES) as body:
            try:
                if await self._receive_body(request, receive, body):
                    body.seek(0)
                    await self._answer(request.environ(body), receive, send, request.connection)
            except LipsyncError as error:
                await self._refuse(error, request, receive, send)

    async def call(self, environ: WSGIEnvironment) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        """Status, headers and body of the answer to a request without a body."""
        call = WsgiCall(self._app, environ)
        body = await asyncio.get_running_loop().run_in_executor(self._pool, call.whole)
        return call.status, call.headers, body

    # ---- the body

    async def _receive_body(self, request: RequestHead, receive: Receive, body: IO[bytes]) -> bool:
        """Write the request's body to ``body``; False when the client has closed the connection before its end.

        Of a body that is too large only as much is stored as the application needs to notice it. Raises RequestError
        request_too_slow, too_many_uploads.
        """
        too_large = self._max_body is not None and (request.length or 0) > self._max_body
        if too_large and request.expects_continue:
            return True  # the client waits for the answer before it sends anything
        has_slot, size, kept = False, 0, 0
        needs_slot = request.expects_continue or (request.length or 0) > SMALL_BODY_BYTES
        progress = _Progress(self._small_body_limits())
        try:
            while True:
                if needs_slot and not has_slot:
                    await self._acquire_slot(request)
                    has_slot = True
                    progress = _Progress(self._policy.upload)
                message = await self._receive_in_time(receive, progress)
                if message["type"] == "http.disconnect":
                    return False
                data = message.get("body", b"")
                size += len(data)
                progress.add(len(data))
                if self._max_body is not None:
                    if size > self._max_body * DISCARD_FACTOR:
                        return True
                    data = b"" if too_large else data[: self._max_body + 1 - kept]
                body.write(data)
                kept += len(data)
                if not message.get("more_body", False):
                    return True
                needs_slot = needs_slot or size > SMALL_BODY_BYTES
        finally:
            if has_slot:
                self._slots.release(request.address)

    async def _acquire_slot(self, request: RequestHead) -> None:
        request.connection.address = request.address
        request.connection.hold_upload()
        wait_s = self._policy.linger_s if self._is_stopping() else self._policy.small_body_s
        if not await self._slots.acquire(request.address, wait_s):
            raise RequestError("too_many_uploads", seconds=math.ceil(self._policy.small_body_s))
        request.connection.receive_upload()

    def _small_body_limits(self) -> StallLimits:
        """A small body has to arrive within a fixed time."""
        wait_s = self._policy.small_body_s
        return StallLimits(silence_s=wait_s, min_bytes_per_s=math.inf, grace_s=wait_s)

    async def _receive_in_time(self, receive: Receive, progress: _Progress) -> Message:
        """The next message. Raises RequestError request_too_slow."""
        while True:
            if progress.is_exceeded() or (self._is_stopping() and progress.is_exceeded(self._policy.shutdown)):
                raise RequestError("request_too_slow")
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_S):
                    message: Message = await receive()
                    return message

    # ---- the answer

    async def _answer(
        self, environ: WSGIEnvironment, receive: Receive, send: Send, connection: Connection | NoConnection
    ) -> None:
        left = asyncio.Event()
        pause = Pause(asyncio.get_running_loop())
        environ[HAS_LEFT], environ[PAUSE] = left.is_set, pause
        watcher = asyncio.create_task(_watch(receive, left))
        call = WsgiCall(self._app, environ)
        context = contextvars.copy_context()

        def run(step: Callable[[], Result]) -> asyncio.Future[Result]:
            return asyncio.get_running_loop().run_in_executor(self._pool, context.run, step)

        try:
            try:
                piece, ended = await run(call.begin)
                await send({"type": "http.response.start", "status": call.status, "headers": call.headers})
                while not left.is_set():
                    if piece or ended:
                        await send({"type": "http.response.body", "body": piece, "more_body": not ended})
                    else:
                        await pause.wait(left)
                    if ended:
                        break
                    piece, ended = await run(call.next_piece)
            finally:
                if not call.is_closed and not call.is_running:
                    await run(call.close)
        except Exception as error:
            if not isinstance(error, ConnectionError):  # raised by the application to break the answer off
                log.exception("the application failed at %s", environ["PATH_INFO"])
            if call.status and isinstance(connection, Connection):
                connection.close()
                await left.wait()
            else:
                raise InternalError("internal", request="") from None
        finally:
            watcher.cancel()

    async def _refuse(self, error: LipsyncError, request: RequestHead, receive: Receive, send: Send) -> None:
        refusal = refuse(error, request.path, request.header("accept-language"))
        await send({"type": "http.response.start", "status": refusal.status, "headers": refusal.headers})
        await send({"type": "http.response.body", "body": refusal.body, "more_body": True})
        try:
            async with asyncio.timeout(self._policy.linger_s):
                request.connection.receive_upload()
                while (message := await receive())["type"] != "http.disconnect" and message.get("more_body"):
                    pass
        except TimeoutError:
            pass
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _watch(receive: Receive, left: asyncio.Event) -> None:
    """Set ``left`` when the client has closed its connection."""
    while (await receive())["type"] != "http.disconnect":
        pass
    left.set()


class _Progress:
    """How fast a body arrives."""

    def __init__(self, limits: StallLimits) -> None:
        self._limits, self._loop = limits, asyncio.get_running_loop()
        self._began = self._last = self._loop.time()
        self._bytes = 0

    def add(self, count: int) -> None:
        """``count`` bytes have arrived."""
        if count:
            self._last, self._bytes = self._loop.time(), self._bytes + count

    def is_exceeded(self, limits: StallLimits | None = None) -> bool:
        """Whether the client is too slow for its own limits, or for ``limits``."""
        now = self._loop.time()
        return (limits or self._limits).is_exceeded(now - self._last, now - self._began, self._bytes)
