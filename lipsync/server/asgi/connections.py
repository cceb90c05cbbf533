"""The server's open connections: how many there are, and how long a silent client keeps one.

uvicorn waits without end for the first byte of a connection, for the head of a request and for a client that does not
read. :class:`Connection` stands between the transport and uvicorn's protocol (uvicorn takes any protocol for its
setting ``http``) and sets times to all three, also after an upgrade to WebSocket.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from lipsync.errors import LipsyncError
from lipsync.net.ip_addresses import customer_of
from lipsync.server.asgi.refusals import refuse
from lipsync.server.asgi.timeouts import TimeoutPolicy
from lipsync.server.request_errors import RequestError

log = logging.getLogger(__name__)

SWEEP_S = 0.5
"""Seconds between two looks at all connections."""
_READ_BYTES = 16_384
"""Most bytes that are read at once: what a client has sent ahead, while its body may not be received yet."""
_UPLOAD_READ_BYTES = 65_536
"""The same while a body is received."""
_BUFFER = memoryview(bytearray(_UPLOAD_READ_BYTES))
"""Where all connections read into: each takes its bytes out before the next one reads (one thread)."""


@dataclass
class Connections:
    """All open connections of this process; used in the event loop's thread only."""

    policy: TimeoutPolicy
    max_count: int
    """With that many open, those without a running request are closed for new ones."""
    is_stopping: Callable[[], bool]
    _open: dict[Connection, None] = field(default_factory=dict)
    """The oldest first."""

    def protocol(self, **uvicorn: Any) -> Connection:
        """A new connection's protocol, from what uvicorn passes to its setting ``http``."""
        return Connection(self, **uvicorn)

    def add(self, connection: Connection) -> None:
        """A client has connected."""
        if len(self._open) >= self.max_count:
            self._make_room()
        self._open[connection] = None

    def remove(self, connection: Connection) -> None:
        """The connection is closed."""
        self._open.pop(connection, None)

    def sweep(self) -> None:
        """Close the connections whose time is over. To be called each SWEEP_S."""
        now = asyncio.get_running_loop().time()
        for connection in list(self._open):
            try:
                connection.check(now)
            except Exception:  # of one client: the others go on
                log.exception("a connection could not be closed in order")
                connection.abort()

    def _make_room(self) -> None:
        """Close a tenth of what may be, each time the oldest of the address that has the most idle connections."""
        by_address: dict[str, deque[Connection]] = {}
        for connection in self._open:
            if connection.is_evictable:
                by_address.setdefault(connection.address, deque()).append(connection)
        for _ in range(max(1, self.max_count // 10)):
            if not by_address:
                return
            address = max(by_address, key=lambda key: len(by_address[key]))
            by_address[address].popleft().evict()
            if not by_address[address]:
                del by_address[address]


class Connection(asyncio.BufferedProtocol):
    """One client's connection. uvicorn's protocol inside sees an ordinary transport, and has it in each scope's
    ``state["connection"]``."""

    def __init__(self, connections: Connections, *, app_state: dict[str, Any], **uvicorn: Any) -> None:
        self._connections = connections
        self._protocol: Any = H11Protocol(app_state={**app_state, "connection": self}, **uvicorn)
        self._transport: asyncio.Transport
        self.address = ""
        """Address that the connection is counted for: the peer's; behind a proxy that of the proxy's client."""
        self.is_waiting_for_slot = False
        """Whether the request waits until its body may be received."""
        self.closed = asyncio.Event()
        """Set when the connection is gone."""
        self._running = 0
        self._reads_head = self._receives_body = False
        self._is_upgraded = False
        self._is_refused = False
        self._deadline: float | None = None
        self._written = self._taken = 0
        self._stalled_since: float | None = None
        self._progress_at = 0.0
        self._taken_before_stall = 0

    # ---- for the application

    @contextmanager
    def request(self) -> Iterator[None]:
        """A request, or a WebSocket, while the application handles it."""
        self._running += 1
        self._reads_head, self._deadline = False, None
        try:
            yield
        finally:
            self._running -= 1
            self._receives_body = False

    def hold_upload(self) -> None:
        """Stop reading the body."""
        self.is_waiting_for_slot = True
        with suppress(RuntimeError):
            self._transport.pause_reading()

    def receive_upload(self) -> None:
        """Read the body, in large pieces."""
        self.is_waiting_for_slot, self._receives_body = False, True
        with suppress(RuntimeError):
            self._transport.resume_reading()

    def close(self) -> None:
        """Close after what was written has been sent: an answer that is not whole breaks off."""
        self._transport.close()

    def abort(self) -> None:
        """Close now."""
        self._transport.abort()

    # ---- for the sweep

    @property
    def is_evictable(self) -> bool:
        """Whether no request would be lost."""
        return not self._is_refused and (self._running == 0 or self.is_waiting_for_slot)

    def evict(self) -> None:
        """Close to make room. A client that has begun a request reads why."""
        if not self._reads_head and not self.is_waiting_for_slot:
            self.abort()
        else:
            self._refuse(RequestError("too_many_uploads", seconds=round(self._connections.policy.small_body_s)))
            self._transport.close()
        self._connections.remove(self)

    def check(self, now: float) -> None:
        """Close when the client has used up its time."""
        if self._deadline is not None and now >= self._deadline:
            if self._reads_head and not self._is_refused:
                self._refuse(RequestError("request_too_slow"))
            else:
                self._transport.close()
        self._check_writing(now)

    def _check_writing(self, now: float) -> None:
        pending = self._transport.get_write_buffer_size()
        taken, self._taken = self._taken, self._written - pending
        if pending == 0:
            self._stalled_since = None
            return
        if self._stalled_since is None:
            self._stalled_since = self._progress_at = now
            self._taken_before_stall = self._taken
        elif self._taken > taken:
            self._progress_at = now
        policy = self._connections.policy
        limits = policy.shutdown if self._connections.is_stopping() else policy.download
        waited, status_overrides = now - self._stalled_since, self._taken - self._taken_before_stall
        if limits.is_exceeded(now - self._progress_at, waited, status_overrides):
            log.info(
                "a client was too slow to take its answer: %d bytes in %.0f s, the last of them %.0f s ago",
                status_overrides,
                waited,
                now - self._progress_at,
            )
            self.abort()

    def _refuse(self, error: LipsyncError) -> None:
        """Answer in uvicorn's place, and let the client read it to the end."""
        self._is_refused = True
        self._transport.write(refuse(error).to_bytes())
        with suppress(OSError, RuntimeError):
            self._transport.write_eof()
        self._deadline = asyncio.get_running_loop().time() + self._connections.policy.linger_s

    # ---- asyncio's protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        peer = transport.get_extra_info("peername")
        self.address = customer_of(str(peer[0])) if isinstance(peer, tuple) else ""
        self._connections.add(self)
        self._deadline = asyncio.get_running_loop().time() + self._connections.policy.first_byte_s
        self._protocol.connection_made(_InnerTransport(self, transport))

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.remove(self)
        self.closed.set()
        self._protocol.connection_lost(exc)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - as asyncio calls it
        return _BUFFER if self._receives_body or self._is_upgraded else _BUFFER[:_READ_BYTES]

    def buffer_updated(self, nbytes: int) -> None:
        data = bytes(_BUFFER[:nbytes])
        if self._is_refused:
            return
        if self._running == 0 and not self._reads_head and not self._is_upgraded:
            self._reads_head = True
            self._deadline = asyncio.get_running_loop().time() + self._connections.policy.head_s
        self._protocol.data_received(data)

    def eof_received(self) -> bool | None:
        if not self._is_refused:
            self._protocol.eof_received()
        return None

    def pause_writing(self) -> None:
        self._protocol.pause_writing()

    def resume_writing(self) -> None:
        self._protocol.resume_writing()

    # ---- for the transport that uvicorn sees

    def count_written(self, size: int) -> None:
        """uvicorn has written ``size`` bytes."""
        self._written += size

    def upgrade(self, protocol: asyncio.BaseProtocol) -> None:
        """uvicorn has replaced its protocol by that of a WebSocket."""
        self._protocol, self._is_upgraded, self._deadline = protocol, True, None


class _InnerTransport:
    """The transport as uvicorn's protocol sees it."""

    def __init__(self, connection: Connection, transport: asyncio.Transport) -> None:
        self._connection, self._transport = connection, transport

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        if not self._transport.is_closing():
            self._connection.count_written(len(data))
        self._transport.write(data)

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._connection.upgrade(protocol)
