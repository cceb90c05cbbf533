"""``python -m bench.load``: three times as many videos as the machine can make, for five minutes; then a table.

Exits 1 when something does not hold: an answer 500, an accepted job that does not end, a slow ``/api/health``, memory
that grows, threads or files that do not come back. All that is started ends with it, also on Ctrl-C.
"""

from __future__ import annotations

import argparse
import itertools
import json
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

from bench.load.report import HEALTH_MS, Run, lines, verdicts
from bench.load.server import LOCAL, ROOT, Server, end, serving, taken, watched

_POOL = 160
"""Threads of gunicorn: as many as by default."""
_QUIET = 5.0
"""Seconds after the last job: clients close their connections, files are let go of."""
_SPARE = 120.0
"""Seconds for the queue to empty, beside what it should take."""
_QUEUE = 64
_VIDEO = {"text": "This is a video of a quiet server, and its number is {n}.", "language": "en"}


def main() -> int:
    """Serve, measure, ask for too much, tell."""
    parser = argparse.ArgumentParser(prog="bench.load", description=__doc__)
    parser.add_argument("--seconds", type=float, default=300.0, help="how long the load lasts (300)")
    parser.add_argument("--factor", type=float, default=3.0, help="videos asked for, for each that can be made (3)")
    parser.add_argument("--health-ms", type=float, default=HEALTH_MS, help="most for /api/health at p99 (100)")
    parser.add_argument("--log", type=Path, help="where the server's log is kept")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started ends
    with tempfile.TemporaryDirectory(prefix="lipsync-load-") as name:
        folder = Path(name)
        try:
            run = measured(folder, options.seconds, options.factor)
        finally:
            if options.log is not None and (folder / "server.log").exists():
                options.log.write_bytes((folder / "server.log").read_bytes())
    print("\n".join(lines(run)), end="\n\n")
    held = verdicts(run, options.health_ms)
    print("\n".join(f"{'good' if good else 'BAD '}  {said}" for good, said in held))
    return 0 if all(good for good, _ in held) else 1


def measured(folder: Path, seconds: float, factor: float) -> Run:
    """The whole run, in ``folder``."""
    with (
        serving(folder, LIPSYNC_THREADS=str(_POOL), LIPSYNC_MAX_QUEUED=str(_QUEUE)) as server,
        probing(server, folder),
    ):
        rate = capacity(server, min(20.0, max(3.0, seconds / 10)))
        worker = server.worker()
        before = taken(worker)
        with watched(worker) as during:
            began = time.monotonic()
            ask_too_much(server, folder, rate * factor, seconds, patience=_SPARE + 2 * _QUEUE / rate)
            time.sleep(min(_QUIET, seconds))
        after = taken(worker)
        return Run(
            capacity=rate,
            factor=factor,
            began=began,
            ended=min(began + seconds, time.monotonic()),
            seen=json.loads((folder / "seen.json").read_text()),
            probes=_probes(folder / "probes"),
            before=before,
            during=during,
            after=after,
            pool=_POOL,
            left=_left(folder / "state" / "lipsync.db"),
            tracebacks=server.log.read_text().count("Traceback"),
        )


def capacity(server: Server, seconds: float) -> float:
    """Videos a second: as many callers as videos are made at once, each asks when it has got the last one."""
    numbers = itertools.count()
    together = int(server.health()["renders"])

    def ask() -> None:
        body = {**_VIDEO, "text": _VIDEO["text"].format(n=next(numbers))}
        request = urllib.request.Request(
            f"{server.url}/api/generate", json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with LOCAL.open(request, timeout=600) as answer:
            answer.read()

    def go_on(until: float) -> int:
        done = 0
        while time.monotonic() < until:
            ask()
            done += 1
        return done

    with ThreadPoolExecutor(together) as pool:
        list(pool.map(lambda _: ask(), range(together)))  # warm
        began = time.monotonic()
        done = sum(pool.map(go_on, [began + seconds] * together))
        return done / (time.monotonic() - began)


def ask_too_much(server: Server, folder: Path, rate: float, seconds: float, patience: float) -> None:
    """``rate`` videos a second; afterwards folder/seen.json is there."""
    command = [server.url, str(rate), str(seconds), str(patience), str(folder / "seen.json")]
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.load.callers", *command], cwd=ROOT, start_new_session=True
    )
    try:
        process.wait(seconds + patience + 60)
    finally:
        end(process)
    if process.returncode:
        raise SystemExit(f"the callers ended with {process.returncode}")


@contextmanager
def probing(server: Server, folder: Path) -> Iterator[None]:
    """Ask for the server's health until the block ends; the answers are in folder/probes."""
    with (folder / "probes").open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "bench.load.prober", server.url],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=output,
            start_new_session=True,
        )
        try:
            yield
        finally:
            end(process)
            assert process.stdin is not None
            process.stdin.close()


def _probes(path: Path) -> list[tuple[str, float, float]]:
    rows = [line.split() for line in path.read_text().splitlines()]
    return [(row[0], float(row[1]), float(row[2])) for row in rows if len(row) == 3]


def _left(database: Path) -> dict[str, int]:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        return dict(connection.execute("select state, count(*) from jobs group by state"))


if __name__ == "__main__":
    sys.exit(main())
