"""Fair order of the queue: round robin over the callers, first in first out within one caller's jobs."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class QueuedJob:
    """What scheduling needs to know of a job that waits."""

    id: str
    number: int
    """Sequence number of the job; later jobs have larger ones."""
    owner: str
    characters: int
    """Length of the job's text."""


def round_robin(queued: Iterable[QueuedJob], served: Mapping[str, int]) -> list[QueuedJob]:
    """Return the jobs in the order in which they will be started.

    ``served`` maps each caller to the turn of their last started job; turns grow. The caller whose last turn is the
    longest ago is next, and a caller who has had none comes before all others. So a caller with a hundred jobs delays
    one with a single job by at most one job on each render slot.
    """
    lines: dict[str, deque[QueuedJob]] = defaultdict(deque)
    for job in sorted(queued, key=lambda job: job.number):
        lines[job.owner].append(job)
    callers = deque(sorted(lines, key=lambda owner: (served.get(owner, -1), lines[owner][0].number)))
    order: list[QueuedJob] = []
    while callers:
        owner = callers.popleft()
        order.append(lines[owner].popleft())
        if lines[owner]:
            callers.append(owner)
    return order
