"""What was used last, within a bound of memory."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
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
        """The value of ``key``; ``make`` gives it when it is not there, ``size`` the bytes that it takes."""
        return self.get_many([key], lambda _: [make()], size)[0]

    def get_many(
        self,
        keys: Sequence[Hashable],
        make: Callable[[list[int]], Sequence[Value]],
        size: Callable[[Value], int],
    ) -> list[Value]:
        """The values of ``keys``; ``make`` gives those that are not there, told their places among the keys.

        Two threads that miss the same one both make it: nobody waits for another's work.
        """
        found: dict[Hashable, Value] = {}
        with self._lock:
            for key in keys:
                if key in self._kept:
                    self._kept.move_to_end(key)
                    found[key] = self._kept[key][0]
        missing = {key: place for place, key in enumerate(keys) if key not in found}
        if missing:
            made = dict(zip(missing, make(list(missing.values())), strict=True))
            with self._lock:
                for key, value in made.items():
                    self._keep(key, value, size(value))
            found |= made
        return [found[key] for key in keys]

    def _keep(self, key: Hashable, value: object, taken: int) -> None:
        """With the lock held."""
        if key in self._kept or taken > self._most:
            return
        self._kept[key] = value, taken
        self.nbytes += taken
        while self.nbytes > self._most:
            _, (_, freed) = self._kept.popitem(last=False)
            self.nbytes -= freed
