"""What several threads want at once is made once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Once(Generic[Value]):
    """Values by key, of which the last few stay. Who wants one that is being made waits for it, and for its error."""

    def __init__(self, remembered: int) -> None:
        self._remembered = remembered
        self._lock = Lock()
        self._known: OrderedDict[str, Future[Value]] = OrderedDict()

    def get(self, key: str, make: Callable[[], Value]) -> tuple[Value, bool]:
        """The value of ``key``, and whether this call made it. After an error it is made anew for the next one."""
        with self._lock:
            known = self._known.get(key)
            if known is None:
                mine: Future[Value] = Future()
                self._known[key] = mine
                self._forget_oldest()
            else:
                self._known.move_to_end(key)
        if known is not None:
            return known.result(), False
        try:
            value = make()
        except BaseException as error:
            with self._lock:
                self._known.pop(key, None)
            mine.set_exception(error)
            raise
        mine.set_result(value)
        return value, True

    def _forget_oldest(self) -> None:
        for key in list(self._known)[: -self._remembered]:
            if self._known[key].done():
                del self._known[key]
