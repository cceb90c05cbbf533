"""Single flight: concurrent calls with the same key share one computation."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock
from typing import Generic, TypeVar

from lipsync.runtime.progress import Cancelled, wait_for_future

Value = TypeVar("Value")


class SingleFlight(Generic[Value]):
    """A cache of the last values by key, each computed by the first caller while the others wait for it.

    The others get its error too. Only if that caller is cancelled (Cancelled, or a BaseException
    such as KeyboardInterrupt) does the first of the others compute the value again.
    """

    def __init__(self, max_entries: int) -> None:
        self._max_entries = max_entries
        self._lock = Lock()
        self._futures: OrderedDict[str, Future[Value]] = OrderedDict()

    def get(self, key: str, make: Callable[[], Value]) -> tuple[Value, bool]:
        """Return the value of ``key``, and whether this call computed it. An error is not cached.

        A wait for another thread's computation can be cancelled (:mod:`lipsync.runtime.progress`).
        """
        while True:
            with self._lock:
                future = self._futures.get(key)
                if future is None:
                    own: Future[Value] = Future()
                    self._futures[key] = own
                    self._drop_oldest()
                    break
                self._futures.move_to_end(key)
            wait_for_future(future)
            error = future.exception()
            if error is None or (isinstance(error, Exception) and not isinstance(error, Cancelled)):
                return future.result(), False
        try:
            value = make()
        except BaseException as error:
            with self._lock:
                self._futures.pop(key, None)
            own.set_exception(error)
            raise
        own.set_result(value)
        return value, True

    def _drop_oldest(self) -> None:
        for key in list(self._futures)[: -self._max_entries]:
            if self._futures[key].done():
                del self._futures[key]
