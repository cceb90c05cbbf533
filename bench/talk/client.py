"""A client of the WebSocket ``/api/v1/stream``: sends a microphone in real time, notes when each message comes."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from websockets.asyncio.client import ClientConnection, connect

from lipsync.conversation.protocol.binary import MICROPHONE, SOUND, VIDEO, pack, unpack
from lipsync.hearing.types import RATE

PIECE = RATE // 50
"""Samples of one microphone message: 20 ms."""
_LATE_S = 30.0
"""Seconds after which a message that is waited for is taken not to come."""
_BINARY_TYPES = {SOUND: "sound", VIDEO: "video"}

Samples = NDArray[np.float32]


@dataclass(frozen=True)
class Received:
    """A message of the server."""

    at: float
    """Time on the clock of :func:`time.perf_counter`."""
    type: str
    """The type of a JSON message; ``sound`` and ``video`` for binary messages."""
    answer: int | None
    """Number of the answer that it belongs to."""
    message: dict[str, Any]
    """The JSON message; empty for a binary one."""
    data: bytes = b""
    """The sound or the video of a binary message."""

    @property
    def is_picture(self) -> bool:
        """Whether it is a video piece that can be shown: a fragment with frames, not the header before them."""
        return self.type == "video" and b"moof" in self.data[:64]


@dataclass
class Client:
    """One conversation."""

    socket: ClientConnection
    received: list[Received] = field(default_factory=list)
    """All messages, in order."""
    committed_at: float | None = None
    """Time on the clock at which the turn was committed."""
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, message: dict[str, Any]) -> float:
        """Send a JSON message; the time on the clock before it is sent."""
        at = time.perf_counter()
        await self.socket.send(json.dumps(message))
        return at

    async def wait_for(self, is_wanted: Callable[[Received], bool], timeout_s: float = _LATE_S) -> Received:
        """The first message that is wanted, also of those that came before. Raises TimeoutError."""
        index = 0
        async with asyncio.timeout(timeout_s):
            while True:
                for one in self.received[index:]:
                    if is_wanted(one):
                        return one
                index = len(self.received)
                self._changed.clear()
                await self._changed.wait()

    async def read(self) -> None:
        """Note all messages until the connection ends."""
        async for raw in self.socket:
            at = time.perf_counter()
            if isinstance(raw, bytes):
                kind, answer, _, data = unpack(raw)
                self.received.append(Received(at, _BINARY_TYPES[kind], answer, {}, data))
            else:
                message = json.loads(raw)
                self.received.append(Received(at, message["type"], message.get("answer"), message))
            self._changed.set()

    async def send_sound(self, samples: Samples, began: float) -> None:
        """Send (n,) float32 ``samples`` as a microphone that was switched on at the time ``began`` does: each piece
        when its last sample was spoken."""
        pcm16 = np.round(samples * 32767).astype("<i2")
        for start in range(0, len(pcm16), PIECE):
            piece = pcm16[start : start + PIECE]
            await asyncio.sleep(max(0.0, began + (start + len(piece)) / RATE - time.perf_counter()))
            await self.socket.send(pack(MICROPHONE, 0, 0.0, piece.tobytes()))


@asynccontextmanager
async def open_client(port: int, **start: Any) -> AsyncIterator[Client]:
    """A conversation that begins with the message ``start`` of these fields; the server is ready."""
    url = f"ws://127.0.0.1:{port}/api/v1/stream"
    async with connect(url, subprotocols=["lipsync.v1"], max_size=None, proxy=None) as socket:  # type: ignore[list-item]
        client = Client(socket)
        reading = asyncio.create_task(client.read())
        try:
            await client.send({"type": "start", "binary": True, "batch": True, **start})
            await client.wait_for(lambda one: one.type == "ready")
            yield client
        finally:
            reading.cancel()
            with suppress(asyncio.CancelledError):
                await reading
