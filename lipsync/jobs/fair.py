"""Whose turn it is: callers take turns, each caller's jobs in the order in which they came."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Waiting:
    """A job that waits."""

    id: str
    number: int
    """Grows from job to job."""
    owner: str
    characters: int


def in_turn(waiting: Iterable[Waiting], served: Mapping[str, int]) -> list[Waiting]:
    """The jobs in the order in which they will be begun.

    ``served`` tells when each caller's last job was begun: a number that grows. The caller who has waited longest
    since then is next; who was never served comes before all others. So a caller with a hundred jobs delays one with
    a single job by one job at most, for each place where jobs are made.
    """
    lines: dict[str, deque[Waiting]] = defaultdict(deque)
    for job in sorted(waiting, key=lambda one: one.number):
        lines[job.owner].append(job)
    callers = deque(sorted(lines, key=lambda owner: (served.get(owner, -1), lines[owner][0].number)))
    order: list[Waiting] = []
    while callers:
        owner = callers.popleft()
        order.append(lines[owner].popleft())
        if lines[owner]:
            callers.append(owner)
    return order
