"""How many threads may wait for bodies that are not there yet: by address, and in all."""

from __future__ import annotations

from collections import Counter
from threading import Lock


class UploadSlots:
    """Slots for requests that have a thread before their body is whole. Safe for many threads."""

    def __init__(self, total: int, per_address: int) -> None:
        self._total, self._per_address = total, per_address
        self._lock = Lock()
        self._held: Counter[str] = Counter()

    def take(self, address: str) -> bool:
        """Take a slot for ``address``; False when there is none for it."""
        with self._lock:
            if self._held[address] >= self._per_address or self._held.total() >= self._total:
                return False
            self._held[address] += 1
            return True

    def give_back(self, address: str) -> None:
        """The opposite of :meth:`take`."""
        with self._lock:
            self._held[address] -= 1
            if self._held[address] <= 0:
                del self._held[address]

    def held(self, address: str) -> int:
        """How many the address has now."""
        with self._lock:
            return self._held.get(address, 0)
