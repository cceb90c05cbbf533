"""What is sent to the client, in order; what belongs to a cancelled answer is not sent any more."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Protocol

from pydantic import BaseModel

MAX_QUEUED = 16
"""Messages that wait to be sent; then who sends waits, and TCP tells the client's pace."""
MAX_URGENT = 64
"""Urgent messages that wait to be sent; then nothing more is read from the client."""


class Sender(Protocol):
    """The client's connection."""

    async def send_text(self, text: str) -> None:
        """Send a text message. Raises OSError when the client has gone."""
        ...

    async def send_bytes(self, data: bytes) -> None:
        """Send a binary message. Raises OSError when the client has gone."""
        ...


@dataclass(frozen=True)
class _Queued:
    message: BaseModel | bytes
    answer: int | None


class Outbox:
    """The messages of one session. Used by one event loop."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._queue: asyncio.Queue[_Queued] = asyncio.Queue(MAX_QUEUED)
        self._urgent: asyncio.Queue[_Queued] = asyncio.Queue()
        self._stopped: set[int] = set()
        self._waiting, self._has_room = asyncio.Event(), asyncio.Event()
        self._has_room.set()

    async def put(self, message: BaseModel | bytes, answer: int | None = None) -> None:
        """Send ``message`` after those before; ``answer``: it is not sent once this answer is stopped."""
        if answer in self._stopped:
            return
        await self._queue.put(_Queued(message, answer))
        self._waiting.set()

    def put_first(self, message: BaseModel) -> None:
        """Send ``message`` before all that wait: a state, an interruption. Few and small, so nobody waits."""
        self._urgent.put_nowait(_Queued(message, None))
        if self._urgent.qsize() >= MAX_URGENT:
            self._has_room.clear()
        self._waiting.set()

    async def wait_for_room(self) -> None:
        """Wait while too many urgent messages are unsent: a client that reads nothing is not answered further."""
        await self._has_room.wait()

    def stop_answer(self, answer: int) -> None:
        """Nothing that belongs to ``answer`` is sent from now on, not even what waits already."""
        self._stopped.add(answer)

    async def run(self) -> None:
        """Send until cancelled. Raises OSError when the client has gone."""
        while True:
            await self._waiting.wait()
            if not self._urgent.empty():
                item = self._urgent.get_nowait()
                if self._urgent.qsize() < MAX_URGENT:
                    self._has_room.set()
            elif not self._queue.empty():
                item = self._queue.get_nowait()
            else:
                self._waiting.clear()
                continue
            await self._send(item)

    async def flush(self) -> None:
        """Send what waits, after :meth:`run` was cancelled."""
        for queue in (self._urgent, self._queue):
            while not queue.empty():
                await self._send(queue.get_nowait())

    async def _send(self, item: _Queued) -> None:
        if item.answer in self._stopped:
            return
        if isinstance(item.message, bytes):
            await self._sender.send_bytes(item.message)
        else:
            await self._sender.send_text(item.message.model_dump_json(exclude_none=True))
