"""bench.load: the command works, and its verdicts see what is wrong. How fast this machine is, is no matter."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
import pytest

from bench.load.report import Run, lines, percentile, slope, verdicts
from bench.load.server import Taken

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent


def test_a_short_run_of_the_command(tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    command = ["--seconds", "3", "--health-ms", "30000", "--log", str(log)]
    done = subprocess.run(
        [sys.executable, "-m", "bench.load", *command],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr + log.read_text()
    assert "POST /api/" in done.stdout
    assert "every accepted job has ended: all, 0 left" in done.stdout
    assert done.stdout.count("good  ") == len(verdicts(good()))
    assert list(tmp_path.iterdir()) == [log], "its folders are gone"
    assert not [one for one in psutil.process_iter() if _is_below(one, tmp_path)], "and what it started"


def _is_below(process: psutil.Process, folder: Path) -> bool:
    try:
        return str(folder) in " ".join([process.cwd(), *process.cmdline()])
    except psutil.Error:
        return False


def took(when: float, megabytes: float = 500.0, threads: int = 50, files: int = 60) -> Taken:
    return Taken(when, megabytes, threads, files, when)


def good() -> Run:
    seen: dict[str, Any] = {
        "answers": {"POST /api/jobs 202": 5, "POST /api/jobs 503": 7, "GET /api/jobs/<id> 200": 9},
        "jobs": {"a": "done", "b": "done", "c": "failed", "d": "cancelled"},
        "codes": {"queue_full": 7},
        "wrong": {},
        "seconds": [1.0, 2.0],
        "first_bytes": [],
        "asked": 900,
        "unfinished": 0,
    }
    return Run(
        capacity=1.0,
        factor=3.0,
        began=1000.0,
        ended=1300.0,
        seen=seen,
        probes=[(kind, 990.0 + n, 5.0) for n in range(300) for kind in ("fresh", "kept")],
        before=took(999),
        during=[took(1000.0 + n, 500 + n % 7) for n in range(310)],
        after=took(1310),
        pool=160,
        left={"done": 2, "failed": 1},
        tracebacks=0,
    )


def test_all_is_good() -> None:
    assert [held for held, _ in verdicts(good())] == [True] * 7
    table = "\n".join(lines(good()))
    assert "1.00 videos a second are what the machine makes; 3.00 were asked for (3.0 times as many)" in table
    assert "       7  POST /api/jobs 503" in table
    assert "4 (2 done, 1 failed, 1 cancelled)" in table


def _seen(**more: Any) -> Run:
    return replace(good(), seen={**good().seen, **more})


@pytest.mark.parametrize(
    ("run", "bad"),
    [
        (_seen(answers={"GET / 200": 5, "GET /api/jobs 500": 1}), 0),
        (replace(good(), tracebacks=1), 0),
        (_seen(wrong={"no answer: ConnectionError": 1}), 1),
        (_seen(jobs={"a": "done", "b": "running"}), 2),
        (_seen(unfinished=1), 2),
        (replace(good(), left={"queued": 1}), 2),
        (replace(good(), probes=[("kept", 1000.0 + n, 5.0 if n > 2 else 101.0) for n in range(200)]), 3),
        (replace(good(), probes=[]), 3),
        (replace(good(), during=[took(1000.0 + n, 500 + n / 5) for n in range(310)]), 4),
        (replace(good(), after=took(1310, threads=211)), 5),
        (replace(good(), after=took(1310, files=91)), 6),
    ],
)
def test_what_is_wrong_is_seen(run: Run, bad: int) -> None:
    assert [number for number, (held, _) in enumerate(verdicts(run)) if not held] == [bad]


def test_memory_may_grow_in_the_first_minute_alone() -> None:
    run = replace(good(), during=[took(1000.0 + n, 300 + min(n, 55) * 4) for n in range(310)])
    assert all(held for held, _ in verdicts(run))


def test_percentiles_and_slopes() -> None:
    assert percentile(range(1000), 99) == 990
    assert percentile([7.0], 99) == 7.0
    assert slope([took(0, 100), took(30, 101), took(60, 102)]) == pytest.approx(2.0)
    assert slope([took(0)]) == 0.0
