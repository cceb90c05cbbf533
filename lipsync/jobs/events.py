"""Publish/subscribe for jobs within this process, so that followers of a job need not poll the database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from threading import Condition


class JobEvents:
    """Counts the events of each job that has a subscriber. Safe for many threads."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._events: Counter[str] = Counter()
        self._subscribers: Counter[str] = Counter()
        self._callbacks: dict[str, list[Callable[[], None]]] = {}

    def notify(self, id: str) -> None:
        """Record an event of the job and wake those who wait for one."""
        with self._changed:
            if id in self._subscribers:
                self._events[id] += 1
                self._changed.notify_all()
            callbacks = self._callbacks.pop(id, [])
        for callback in callbacks:
            callback()

    def subscribe(self, id: str) -> None:
        """Count the job's events from now on; each call needs one :meth:`unsubscribe`."""
        with self._changed:
            self._subscribers[id] += 1

    def unsubscribe(self, id: str) -> None:
        """End one subscription; after the last one the job's events are no longer counted."""
        with self._changed:
            self._subscribers[id] -= 1
            if self._subscribers[id] <= 0:
                del self._subscribers[id]
                self._events.pop(id, None)

    def count(self, id: str) -> int:
        """Return the number of events since the first current subscription."""
        with self._changed:
            return self._events[id]

    def wait(self, id: str, seen: int, timeout_s: float) -> None:
        """Wait until the job has had more than ``seen`` events, or for ``timeout_s`` seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self._events[id] > seen, timeout_s)

    def call_back(self, id: str, seen: int, callback: Callable[[], None]) -> Callable[[], None]:
        """Call ``callback`` once, in any thread, as soon as the job has had more than ``seen`` events.

        The returned function cancels this.
        """
        with self._changed:
            if self._events[id] <= seen:
                self._callbacks.setdefault(id, []).append(callback)
                return lambda: self._cancel(id, callback)
        callback()
        return lambda: None

    def _cancel(self, id: str, callback: Callable[[], None]) -> None:
        with self._changed:
            callbacks = self._callbacks.get(id, [])
            if callback in callbacks:
                callbacks.remove(callback)
            if not callbacks:
                self._callbacks.pop(id, None)

    def subscribed_ids(self) -> set[str]:
        """Return the ids of the jobs that have a subscriber in this process."""
        with self._changed:
            return set(self._subscribers)
