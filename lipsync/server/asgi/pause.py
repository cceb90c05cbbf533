"""How an answer that is made piece by piece waits without a thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

Subscribe = Callable[[Callable[[], None]], Callable[[], None]]
"""Takes a function that is called, in any thread, when the wait is over; returns one that cancels this."""


class Pause:
    """What the server waits for after an empty piece of an answer (PEP 3333 lets an application send one when it has
    nothing yet)."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._subscribe: Subscribe | None = None
        self._seconds = 0.0

    def until(self, subscribe: Subscribe, seconds: float) -> None:
        """After the empty piece that follows, ask for the next one when ``subscribe`` says so, and after ``seconds``
        in any case. Called by the application before it sends the empty piece."""
        self._subscribe, self._seconds = subscribe, seconds

    async def wait(self, left: asyncio.Event) -> None:
        """Wait for the event that was passed to :meth:`until`, or until the client has left."""
        subscribe, self._subscribe = self._subscribe, None
        if subscribe is None:
            return
        over = asyncio.Event()
        cancel = subscribe(lambda: _wake(self._loop, over))
        waits = [asyncio.ensure_future(over.wait()), asyncio.ensure_future(left.wait())]
        try:
            await asyncio.wait(waits, timeout=self._seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            cancel()
            for wait in waits:
                wait.cancel()


def _wake(loop: asyncio.AbstractEventLoop, event: asyncio.Event) -> None:
    try:
        loop.call_soon_threadsafe(event.set)
    except RuntimeError:  # the loop has ended
        return
