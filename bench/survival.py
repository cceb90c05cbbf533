"""``python -m bench.survival``: a server that is killed again and again at random moments, and what its jobs come to.

Callers go on asking for videos, under an Idempotency-Key each, and ask again with the same one where they got no
answer; the command line uses the database beside the server all the time. Most deaths are ``kill -9``, some SIGTERM.
In the end every job that was accepted must have ended, once, with its video whole, or have been given up because two
deaths met it; else the exit status is 1.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import av

if TYPE_CHECKING:
    from tests.helpers.gunicorn_server import Server

CALLERS = 3
LIFE = (0.5, 5.0)
"""Seconds that a server lives after it is ready, at least and at most."""
TERMINATED = 0.25
"""Of all deaths: by SIGTERM."""
PATIENCE = 600.0
"""Seconds for the last server to make what is left."""


@dataclass
class Asked:
    """What callers asked for: the ids they were told, under each key. Safe for many threads."""

    ids: dict[str, set[str]] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)
    """Of the command line."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def next_key(self) -> str:
        """One that nobody has answered, for every second call, or a new one."""
        with self._lock:
            open_ = [key for key, ids in self.ids.items() if not ids]
            if open_ and random.random() < 0.5:
                return random.choice(open_)
            key = f"key-{len(self.ids)}"
            self.ids[key] = set()
            return key

    def told(self, key: str, id: str) -> None:
        """A caller was told this id."""
        with self._lock:
            self.ids[key].add(id)


def main() -> int:
    """Print what became of the jobs."""
    parser = argparse.ArgumentParser(prog="python -m bench.survival", description=__doc__)
    parser.add_argument("--deaths", type=int, default=25, help="25 take about four minutes")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    random.seed(options.seed)

    from tests.helpers.gunicorn_server import serve  # noqa: PLC0415 - the server as the tests start it

    asked = Asked()
    deaths: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="lipsync-bench-") as name:
        folder = Path(name)
        settings = {"LIPSYNC_MAX_QUEUED": "1000", "LIPSYNC_MAX_QUEUED_PER_CALLER": "1000", "LIPSYNC_VOICES": "espeak"}
        for _ in range(options.deaths):
            with serve(folder, **settings) as server, _callers(server, folder, asked):
                time.sleep(random.uniform(*LIFE))
                deaths[_end(server)] += 1
        with serve(folder, **settings) as server:
            _wait(folder)
            server.stop()
        problems = _judge(folder, asked)
    print(", ".join(f"{count} times {how}" for how, count in deaths.items()))
    for problem in problems:
        print(problem)
    return 1 if problems else 0


@contextmanager
def _callers(server: Server, folder: Path, asked: Asked) -> Iterator[None]:
    """Callers, and the command line beside them, until the block ends."""
    over = threading.Event()
    threads = [threading.Thread(target=_call, args=(server, asked, over)) for _ in range(CALLERS)]
    threads.append(threading.Thread(target=_list_keys, args=(folder, asked, over)))
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


def _call(server: Server, asked: Asked, over: threading.Event) -> None:
    while not over.wait(random.uniform(0, 0.5)):
        key = asked.next_key()
        body = {"text": f"Number {key[4:]}.", "language": "en", "avatar": "hopper"}
        with suppress(OSError, http.client.HTTPException):  # it is being killed
            answer = server.ask("POST", "/api/jobs", body, {"Idempotency-Key": key})
            if answer.status == 202:
                asked.told(key, json.loads(answer.body)["id"])


def _list_keys(folder: Path, asked: Asked, over: threading.Event) -> None:
    command = [sys.executable, "-m", "lipsync", "keys", "list"]
    variables = os.environ | {"LIPSYNC_STATE": str(folder / "state")}
    while not over.wait(0.2):
        ended = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
        if ended.returncode:
            asked.complaints.append(ended.stderr.strip())


def _end(server: Server) -> str:
    if random.random() < TERMINATED:
        server.stop()
        return "SIGTERM"
    server.kill()
    return "kill -9"


def _jobs(folder: Path) -> list[tuple[str, str, str, str | None]]:
    """(id, state, video, error) of all jobs, as another process reads them."""
    with closing(sqlite3.connect(f"file:{folder / 'state' / 'lipsync.db'}?mode=ro", uri=True)) as base:
        return base.execute("SELECT id, state, video, error FROM jobs").fetchall()


def _wait(folder: Path) -> None:
    end = time.monotonic() + PATIENCE
    while any(state in ("queued", "running") for _, state, _, _ in _jobs(folder)):
        if time.monotonic() > end:
            return
        time.sleep(0.5)


def _judge(folder: Path, asked: Asked) -> list[str]:
    """Print how many jobs came to which end, and give what is wrong."""
    jobs = _jobs(folder)
    told = {id for ids in asked.ids.values() for id in ids}
    done = {video for _, state, video, _ in jobs if state == "done"}
    given_up = {id for id, state, _, error in jobs if state == "failed" and "job_crashed" in str(error)}
    videos = {path.name: path for path in (folder / "outputs").glob("*.mp4")}
    wrong = {
        "accepted and lost": told - {id for id, _, _, _ in jobs},
        "doubled": {key for key, ids in asked.ids.items() if len(ids) > 1},
        "never ended": {id for id, state, _, _ in jobs if state in ("queued", "running")},
        "failed otherwise": {id for id, state, _, _ in jobs if state == "failed"} - given_up,
        "without their video": done - set(videos),
        "videos of no job": set(videos) - done,
        "complaints of the command line": set(asked.complaints),
        "videos that cannot be read": {name for name, path in videos.items() if not _is_whole(path)},
    }
    print(f"{len(told)} jobs accepted: {len(done)} done, {len(given_up)} given up because two deaths met them")
    return [f"{what}: {len(names)} ({', '.join(sorted(names)[:3])})" for what, names in wrong.items() if names]


def _is_whole(path: Path) -> bool:
    try:
        with av.open(str(path)) as film:
            return sum(1 for _ in film.decode(video=0)) == film.streams.video[0].frames > 0
    except av.FFmpegError:
        return False


if __name__ == "__main__":
    sys.exit(main())
