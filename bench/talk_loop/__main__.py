"""``python -m bench.talk_loop``: two live conversations at once, as fast as they go; a line a minute, then a verdict.

Voice, face, weights, motion and the socket server are real; the language model repeats the question, and the ears
know which conversation a sound is from. Each conversation has words of its own. Exits 1 where a word of one is in the
other, an answer does not come, or memory, threads, files, sockets or children do not come back.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from bench.load.server import Server, serving, taken, watched
from bench.talk_loop.converse import Seen, converse
from bench.talk_loop.report import TALKS, has_come_back, held, settled, verdicts
from bench.talk_loop.words import WORDS

_WARM_UP_S = 20.0
"""Seconds of conversations before anything is measured: until all threads and models are there."""


def main() -> int:
    """Serve, talk, tell."""
    parser = argparse.ArgumentParser(prog="bench.talk_loop", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0, help="how long the conversations last (60)")
    parser.add_argument("--voices", default="espeak", help="voice engines (espeak)")
    parser.add_argument("--checkpoints", type=Path, default=Path("checkpoints"), help="folder of the weights")
    parser.add_argument("--log", type=Path, help="where the server's log is kept")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the server ends
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lipsync-bench-")))
        try:
            held_all = run(folder, options.minutes, options.voices, options.checkpoints.absolute())
        finally:
            if options.log is not None and (folder / "server.log").exists():
                options.log.write_bytes((folder / "server.log").read_bytes())
    return 0 if held_all else 1


def run(folder: Path, minutes: float, voices: str, checkpoints: Path) -> bool:
    """Talk for so long with a server in ``folder``, and print; whether all held."""
    settings = {"LIPSYNC_TALKS": str(TALKS), "LIPSYNC_VOICES": voices, "LIPSYNC_CHECKPOINTS": str(checkpoints)}
    with serving(folder, app="bench.talk_loop.app:app", **settings) as server:
        look = partial(held, server.worker())
        asyncio.run(talk(server, _WARM_UP_S, [Seen() for _ in WORDS]))
        before = settled(look, lambda now: now.sockets <= 1)
        files = stored_files(folder)
        seen = [Seen() for _ in WORDS]
        print(f"begin: {before}, {taken(server.worker()).megabytes:.1f} MB", flush=True)
        with watched(server.worker()) as during:
            began = time.monotonic()
            asyncio.run(talk(server, 60 * minutes, seen, is_told=True))
            ended = time.monotonic()
        after = settled(look, partial(has_come_back, before))
        print(f"end: {after}, {taken(server.worker()).megabytes:.1f} MB", flush=True)
        problems = [problem for one in seen for problem in one.problems]
        problems += [f"{name} is left over" for name in sorted(stored_files(folder) - files)]
        problems += ["a traceback in the server's log"] * ("Traceback" in server.log.read_text())
        results = verdicts(before, after, during, began, ended, problems)
    for title in ("turns", "degraded"):
        counted = sum((getattr(one, title) for one in seen), Counter[str]())
        print(f"{title}: " + (", ".join(f"{name} {count}" for name, count in sorted(counted.items())) or "none"))
    print("\n".join(problems))
    print("\n".join(f"{'good' if good else 'BAD '}  {said}" for good, said in results))
    return all(good for good, _ in results)


async def talk(server: Server, seconds: float, seen: list[Seen], *, is_told: bool = False) -> None:
    """All conversations at once, for so long; with ``is_told`` a line is printed each minute."""
    port = urlsplit(server.url).port or 0
    until = asyncio.get_running_loop().time() + seconds
    telling = asyncio.create_task(tell(server, seen)) if is_told else None
    try:
        await asyncio.gather(*(converse(port, number, until, one) for number, one in enumerate(seen)))
    finally:
        if telling is not None:
            telling.cancel()


async def tell(server: Server, seen: list[Seen]) -> None:
    """Print what the server takes, each minute."""
    minute = 0
    while True:
        await asyncio.sleep(60)
        minute += 1
        turns = " + ".join(str(one.turns.total()) for one in seen)
        megabytes, now = taken(server.worker()).megabytes, held(server.worker())
        print(f"minute {minute}: {turns} turns, {megabytes:.1f} MB, {now}, load {os.getloadavg()[0]:.1f}", flush=True)


def stored_files(folder: Path) -> set[str]:
    """Names of the videos, answers and uploads of the server; its caches and database have bounds of their own."""
    return {
        str(path.relative_to(folder))
        for name in ("outputs", "state")
        for path in (folder / name).rglob("*")
        if path.is_file() and ".db" not in path.name
    }


if __name__ == "__main__":
    sys.exit(main())
