"""What the server holds before and after the loop, and whether that is as it should be."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import psutil  # type: ignore[import-untyped]

from bench.load.report import memory_verdict
from bench.load.server import Taken
from lipsync.conversation.service import HEARING_THREADS_PER_TALK, THREADS_PER_TALK

TALKS = 4
"""Places: a conversation comes back while the connection before it still ends."""
MAX_POOL_THREADS = (THREADS_PER_TALK + HEARING_THREADS_PER_TALK) * TALKS + 2
"""Threads of conversations that may have begun meanwhile, and stay."""
SPARE_FILES = 20
"""Open files that may stay: the pool of database connections may grow to five of four files each."""
_SETTLED_S = 30.0
_LOOK_S = 0.1


@dataclass(frozen=True)
class Held:
    """What the server's process holds at a moment."""

    threads: int
    files: int
    """Open files, sockets included."""
    sockets: int
    children: int

    def __str__(self) -> str:
        return f"{self.threads} threads, {self.files} files, {self.sockets} sockets, {self.children} children"


def held(worker: psutil.Process) -> Held:
    """What it holds now."""
    return Held(worker.num_threads(), worker.num_fds(), len(worker.net_connections()), len(worker.children()))


def settled(look: Callable[[], Held], is_settled: Callable[[Held], bool]) -> Held:
    """What is held once ``is_settled``, or after half a minute: connections end a moment after their clients."""
    end = time.monotonic() + _SETTLED_S
    while not is_settled(found := look()) and time.monotonic() < end:
        time.sleep(_LOOK_S)
    return found


def has_come_back(before: Held, after: Held) -> bool:
    """Whether nothing is left over."""
    return (
        after.threads <= before.threads + MAX_POOL_THREADS
        and after.files <= before.files + SPARE_FILES
        and after.sockets <= before.sockets
        and after.children <= before.children
    )


def verdicts(
    before: Held, after: Held, during: Sequence[Taken], began: float, ended: float, problems: Sequence[str]
) -> list[tuple[bool, str]]:
    """What must hold, each with whether it does.

    Memory is judged in the second half: until then the threads of all places begin, each with memory of its own.
    """
    return [
        (not problems, f"{len(problems)} problems in the conversations"),
        (has_come_back(before, after), f"before: {before}; after: {after}"),
        memory_verdict(during, began, ended, max(60.0, (ended - began) / 2)),
    ]
