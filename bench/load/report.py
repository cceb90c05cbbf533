"""What was seen under load, as a table, and whether it is good."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from bench.load.server import Taken

HEALTH_MS = 100.0
"""Most milliseconds for ``/api/health`` at the 99th percentile."""
_GROWTH = 0.05
"""Of the memory: what it may grow by from the first minute on."""
_LEAST_GROWTH = 24.0
"""MB that are no growth: a video that is just being made takes as much."""
_WARM = 60.0
"""Seconds in which memory may grow."""
_SPARE_FILES = 30
"""Open files that may stay: connections of the pool to the database, three files each."""


@dataclass(frozen=True)
class Run:
    """One run under load."""

    capacity: float
    """Videos a second that the machine can make."""
    factor: float
    began: float
    """Of the load; as time.monotonic() has it."""
    ended: float
    seen: dict[str, Any]
    """As bench.load.callers wrote it."""
    probes: list[tuple[str, float, float]]
    """Kind, moment, milliseconds."""
    before: Taken
    """Warm, before the load."""
    during: list[Taken]
    after: Taken
    """When all was over, and some seconds later."""
    pool: int
    """Threads that gunicorn may begin, and keeps."""
    left: dict[str, int]
    """Jobs by state that the server itself knows of, at the end."""
    tracebacks: int
    """In the server's log."""


def verdicts(run: Run, health_ms: float = HEALTH_MS) -> list[tuple[bool, str]]:
    """What must hold, each with whether it does."""
    answers = _by_status(run.seen["answers"])
    unended = {state: count for state, count in Counter(run.seen["jobs"].values()).items() if state not in _ENDS}
    waiting = run.left.get("queued", 0) + run.left.get("running", 0)
    health = percentile([ms for _, ms in probes(run)], 99)
    held, growth = memory_verdict(run.during, run.began, run.ended)
    return [
        (not answers[500] and not run.tracebacks, f"{answers[500]} answers 500, {run.tracebacks} tracebacks"),
        (not run.seen["wrong"], f"nothing else is wrong: {run.seen['wrong'] or 'nothing'}"),
        (
            not unended and not waiting and not run.seen["unfinished"],
            f"every accepted job has ended: {unended or 'all'}, {waiting} left in the queue",
        ),
        (health < health_ms, f"/api/health at the 99th percentile: {health:.1f} ms (under {health_ms:g})"),
        (held, growth),
        (
            run.after.threads <= run.before.threads + run.pool,
            f"threads: {run.before.threads} before, {run.after.threads} after, of which up to {run.pool} are kept",
        ),
        (
            run.after.files <= run.before.files + _SPARE_FILES,
            f"open files: {run.before.files} before, {run.after.files} after",
        ),
    ]


_ENDS = ("done", "failed", "cancelled")


def lines(run: Run) -> list[str]:
    """The table."""
    seconds, seen = run.ended - run.began, run.seen
    asked = seen["asked"] / seconds
    jobs = Counter(seen["jobs"].values())
    told = [
        f"{run.capacity:.2f} videos a second are what the machine makes; {asked:.2f} were asked for "
        f"({asked / run.capacity:.1f} times as many), for {seconds:.0f} s",
        "",
        *(f"{count:8}  {answer}" for answer, count in sorted(seen["answers"].items(), key=_route)),
        "",
        "refused, and why: " + (_list(seen["codes"]) or "none"),
        f"accepted: {sum(jobs.values())} ({_list(jobs)}); done a second: {jobs['done'] / seconds:.2f}",
        "a video by /api/generate, s: " + _spread(seen["seconds"]),
        "first byte of a stream, s: " + _spread(seen["first_bytes"]),
    ]
    for kind in ("fresh", "kept"):
        told.append(
            f"/api/health on a {kind} connection, ms: " + _spread([ms for one, ms in probes(run) if one == kind])
        )
    idle = [ms for _, moment, ms in run.probes if moment < run.began]
    told.append("/api/health with one video at a time, ms: " + _spread(idle))
    minute = _at(run, run.began + _WARM)
    told.append(
        f"memory, MB: {run.before.megabytes:.0f} before, {minute.megabytes:.0f} after a minute, "
        f"{_at(run, run.ended).megabytes:.0f} at the end, {max(one.megabytes for one in run.during):.0f} at most, "
        f"{run.after.megabytes:.0f} afterwards"
    )
    last = _at(run, run.ended)
    told.append(f"cores busy: {(last.processor - run.before.processor) / (last.when - run.before.when):.2f}")
    return told


def probes(run: Run) -> list[tuple[str, float]]:
    """Kind and milliseconds of those under load."""
    return [(kind, ms) for kind, moment, ms in run.probes if run.began <= moment <= run.ended]


def percentile(values: Sequence[float], percent: int) -> float:
    """The value that so many percent do not exceed; infinite where there is none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)] if ordered else float("inf")


def slope(seen: Iterable[Taken]) -> float:
    """MB a minute, by least squares; 0 for fewer than two."""
    points = [(one.when / 60, one.megabytes) for one in seen]
    return statistics.linear_regression(*zip(*points, strict=True)).slope if len(points) > 1 else 0.0


def memory_verdict(during: Sequence[Taken], began: float, ended: float, warm_up_s: float = _WARM) -> tuple[bool, str]:
    """Whether the memory that was ``taken`` each second grew between ``warm_up_s`` after ``began`` and ``ended``."""
    warm = [one for one in during if began + warm_up_s <= one.when <= ended]
    minutes = (ended - began - warm_up_s) / 60
    if minutes < 1 or not warm:
        return True, "memory: too short to say"
    each = slope(warm)
    most = max(_LEAST_GROWTH, _GROWTH * warm[0].megabytes)
    return (
        each * minutes < most,
        f"memory after {warm_up_s / 60:.0f} min: {each:+.2f} MB a minute (under {most / minutes:.2f})",
    )


def _at(run: Run, moment: float) -> Taken:
    return min(run.during or [run.before], key=lambda one: abs(one.when - moment))


def _by_status(answers: dict[str, int]) -> Counter[int]:
    counted: Counter[int] = Counter()
    for answer, count in answers.items():
        status = answer.rpartition(" ")[2]
        counted[int(status) if status.isdigit() else 0] += count
    return counted


def _route(one: tuple[str, int]) -> tuple[str, str]:
    method, path, status = one[0].split(" ")
    return path + method, status


def _list(counted: dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counted.items(), key=lambda one: -one[1]))


def _spread(values: Sequence[float]) -> str:
    if not values:
        return "none"
    found = [f"{name} {percentile(values, share):.3g}" for name, share in (("p50", 50), ("p90", 90), ("p99", 99))]
    return ", ".join([*found, f"max {max(values):.3g}", f"({len(values)})"])
