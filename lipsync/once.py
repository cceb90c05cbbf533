"""What several threads want at once is made once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock
from typing import Generic, TypeVar

from lipsync.progress import Cancelled, Meanwhile, wait_for_future

Value = TypeVar("Value")


class Once(Generic[Value]):
    """Values by key, of which the last few stay. Who wants one that is being made waits for it, and for its error.

    Where the one that makes it is not wanted any more (Cancelled, or an exception that is no Exception, as Ctrl-C),
    that is no concern of those who wait: the first of them makes it anew.
    """

    def __init__(self, remembered: int) -> None:
        self._remembered = remembered
        self._lock = Lock()
        self._known: OrderedDict[str, Future[Value]] = OrderedDict()

    def get(self, key: str, make: Callable[[], Value], meanwhile: Meanwhile | None = None) -> tuple[Value, bool]:
        """The value of ``key``, and whether this call made it. After an error it is made anew for the next one.

        ``meanwhile`` is called while another's making is waited for; ``make`` has to see to it itself.
        """
        while True:
            with self._lock:
                known = self._known.get(key)
                if known is None:
                    mine: Future[Value] = Future()
                    self._known[key] = mine
                    self._forget_oldest()
                    break
                self._known.move_to_end(key)
            wait_for_future(known, meanwhile)
            error = known.exception()
            if error is None or (isinstance(error, Exception) and not isinstance(error, Cancelled)):
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
