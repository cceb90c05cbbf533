"""Something has happened to a job: whoever follows it in this process need not ask the database all the time."""

from __future__ import annotations

from collections import Counter
from threading import Condition


class Bells:
    """A bell for each job that is followed. Safe for many threads."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._rung: Counter[str] = Counter()
        self._followers: Counter[str] = Counter()

    def ring(self, id: str) -> None:
        """Something has happened to the job."""
        with self._changed:
            if id in self._followers:
                self._rung[id] += 1
                self._changed.notify_all()

    def follow(self, id: str) -> None:
        """From now on rings of the job are counted, until :meth:`leave`."""
        with self._changed:
            self._followers[id] += 1

    def leave(self, id: str) -> None:
        """The opposite of :meth:`follow`."""
        with self._changed:
            self._followers[id] -= 1
            if self._followers[id] <= 0:
                del self._followers[id]
                self._rung.pop(id, None)

    def count(self, id: str) -> int:
        """How often it rang."""
        with self._changed:
            return self._rung[id]

    def wait(self, id: str, seen: int, seconds: float) -> None:
        """Wait until it has rung more than ``seen`` times, ``seconds`` at most."""
        with self._changed:
            self._changed.wait_for(lambda: self._rung[id] > seen, seconds)

    def followed(self) -> set[str]:
        """The jobs that somebody in this process follows."""
        with self._changed:
            return set(self._followers)
