"""A least-recently-used cache within a bound of memory, for many threads."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from threading import Lock
from typing import Any, TypeVar

import cachetools

Value = TypeVar("Value")


class LruCache:
    """Values by key. The least recently used go when all take more than ``max_mb``. Safe for many threads."""

    def __init__(self, max_mb: float) -> None:
        self._entries: cachetools.LRUCache[Hashable, tuple[Any, int]] = cachetools.LRUCache(
            int(max_mb * 1e6), getsizeof=lambda entry: entry[1]
        )
        """Each value with the bytes that it takes."""
        self._lock = Lock()

    @property
    def nbytes(self) -> int:
        """Bytes that all values take."""
        with self._lock:
            return int(self._entries.currsize)

    def get(self, key: Hashable, make: Callable[[], Value], size: Callable[[Value], int]) -> Value:
        """The value of ``key``; where it is missing, ``make`` gives it and ``size`` the bytes that it takes."""
        return self.get_many([key], lambda _: [make()], size)[0]

    def get_many(
        self,
        keys: Sequence[Hashable],
        make: Callable[[list[int]], Sequence[Value]],
        size: Callable[[Value], int],
    ) -> list[Value]:
        """The values of ``keys``. ``make`` is given the positions of the missing ones among the keys.

        Two threads that miss the same key both make its value: no thread waits for another's work. A value that alone
        exceeds the bound is returned and not stored.
        """
        with self._lock:
            found: dict[Hashable, Value] = {key: self._entries[key][0] for key in keys if key in self._entries}
        missing = {key: position for position, key in enumerate(keys) if key not in found}
        if missing:
            made = dict(zip(missing, make(list(missing.values())), strict=True))
            with self._lock:
                for key, value in made.items():
                    self._store(key, value, size(value))
            found |= made
        return [found[key] for key in keys]

    def _store(self, key: Hashable, value: object, nbytes: int) -> None:
        """With the lock held. Another thread may have stored the key by now: its value stays."""
        if key not in self._entries and nbytes <= self._entries.maxsize:
            self._entries[key] = value, nbytes
