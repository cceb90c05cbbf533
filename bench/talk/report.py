"""The results of the benchmark as tables for a person."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np

from bench.talk.ask import STAGES, Asked
from bench.talk.interrupt import Silenced


def percentiles(seconds: Sequence[float]) -> tuple[float, float]:
    """Median and 95th percentile."""
    return float(np.median(seconds)), float(np.percentile(seconds, 95))


def stage_table(title: str, asked: Sequence[Asked], *, missing: int) -> Iterator[str]:
    """Median and 95th percentile of each stage; ``missing`` questions were not answered."""
    loads = [one.load for one in asked]
    load = f"load {min(loads):.1f} to {max(loads):.1f}"
    yield f"{title}; {len(asked)} questions, {load}. Seconds from the end of the question:"
    yield ""
    yield "| stage | median | 95th percentile |"
    yield "|---|---|---|"
    for stage, name in STAGES.items():
        median, worst = percentiles([one.times[stage] for one in asked if stage in one.times])
        yield f"| {name} | {median:.2f} | {worst:.2f} |"
    first = asked[0].times
    repeated = sum(one.answers > 1 for one in asked)
    degraded = sum(bool(one.degraded) for one in asked)
    yield ""
    yield (
        f"First question after the start: sound {first['sound']:.2f}, picture {first['picture']:.2f}. "
        f"Answers begun twice: {repeated}; degraded: {degraded}; "
        f"not answered: {missing}."
    )


def silence_table(silenced: Sequence[Silenced]) -> Iterator[str]:
    """How soon interrupted answers fell silent."""
    positions = [one.position for one in silenced]
    yield (
        f"`interrupt` at {len(silenced)} positions, {min(positions):.2f} to {max(positions):.2f} s after the first "
        "sound. Milliseconds from sending it:"
    )
    yield ""
    yield "| | median | 95th percentile | most |"
    yield "|---|---|---|---|"
    for name, seconds in (
        ("last sound, frame or video", [one.last for one in silenced]),
        ("`interrupted`", [one.confirmed for one in silenced]),
    ):
        median, worst = percentiles(seconds)
        yield f"| {name} | {median * 1e3:.0f} | {worst * 1e3:.0f} | {max(seconds) * 1e3:.0f} |"


def replies(asked: Sequence[Asked], expected: dict[str, str]) -> Iterator[str]:
    """Each question as it was heard, its reply, and whether the expected words are in it (+, -, ? for no fact)."""
    right = facts = 0
    for one in asked:
        mark = judge(one.reply, expected.get(one.question, "?"))
        facts += mark != "?"
        right += mark == "+"
        degraded = f" [{', '.join(one.degraded)}]" if one.degraded else ""
        yield f"{mark} {one.question} | heard: {one.heard} | {one.reply}{degraded}"
    if facts:
        yield f"right: {right} of {facts}"


def judge(reply: str, expected: str) -> str:
    """Whether a reply holds the expected words: ``+`` or ``-``; ``?`` where the reader judges."""
    if expected == "?":
        return "?"
    return "+" if re.search(expected, reply, re.IGNORECASE) else "-"
