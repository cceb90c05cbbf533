"""How many request bodies are received at the same time: in all, and from one address."""

from __future__ import annotations

import asyncio
from collections import Counter, deque


class UploadSlots:
    """Slots for bodies that are being received; used in the event loop's thread only."""

    def __init__(self, total: int, per_address: int) -> None:
        self._total, self._per_address = total, per_address
        self._held: Counter[str] = Counter()
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}
        """By address; of one address the oldest first."""

    async def acquire(self, address: str, timeout_s: float) -> bool:
        """Take a slot for ``address`` as soon as there is one; False after ``timeout_s`` without one.

        A free slot goes to the address that holds the fewest, so that one with many uploads does not keep out others.
        """
        if self._is_free(address):
            self._held[address] += 1
            return True
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(address, deque()).append(waiter)
        try:
            async with asyncio.timeout(timeout_s):
                await waiter
        except TimeoutError:
            return False
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                self.release(address)
            raise
        finally:
            self._forget(address, waiter)
        return True

    def release(self, address: str) -> None:
        """Give a slot of ``address`` back."""
        self._held[address] -= 1
        if self._held[address] <= 0:
            del self._held[address]
        while free := [waiting for waiting in self._waiting if self._is_free(waiting)]:
            chosen = min(free, key=self.held)
            waiter = self._waiting[chosen][0]
            self._forget(chosen, waiter)
            if not waiter.done():
                self._held[chosen] += 1
                waiter.set_result(None)

    def held(self, address: str) -> int:
        """Number of slots of ``address``."""
        return self._held.get(address, 0)

    def _is_free(self, address: str) -> bool:
        return self._held.total() < self._total and self.held(address) < self._per_address

    def _forget(self, address: str, waiter: asyncio.Future[None]) -> None:
        queue = self._waiting.get(address)
        if queue is None or waiter not in queue:
            return
        queue.remove(waiter)
        if not queue:
            del self._waiting[address]
