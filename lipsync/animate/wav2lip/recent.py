"""What was used last, within a bound of memory."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, TypeVar

Value = TypeVar("Value")


class Recent:
    """Values by key; the longest unused go when together they take more than ``max_mb``. Safe for many threads."""

    def __init__(self, max_mb: float) -> None:
        self._most = int(max_mb * 1e6)
        self._kept: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._lock = Lock()
        self.nbytes = 0
        """That all values take."""

    def get(self, key: Hashable, make: Callable[[], Value], size: Callable[[Value], int]) -> Value:
        """The value of ``key``; ``make`` gives it when it is not there, ``size`` the bytes that it takes.

        Two threads that miss the same one both make it: nobody waits for another's work.
        """
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                value: Value = self._kept[key][0]
                return value
        value = make()
        taken = size(value)
        with self._lock:
            if key not in self._kept and taken <= self._most:
                self._kept[key] = value, taken
                self.nbytes += taken
                while self.nbytes > self._most:
                    _, (_, freed) = self._kept.popitem(last=False)
                    self.nbytes -= freed
        return value
