"""The real server in folders of its own, and what it takes of the machine."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]

ROOT = Path(__file__).resolve().parents[2]
_START = 120.0
"""Seconds for it to be ready."""
_STOP = 30.0
"""Seconds for it to end, which is then killed."""
LOCAL = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""Asks the server itself, whatever proxy the environment names."""


@dataclass(frozen=True)
class Server:
    """A running server."""

    url: str
    master: psutil.Process
    log: Path

    def health(self) -> dict[str, Any]:
        """What it says of itself."""
        with LOCAL.open(f"{self.url}/api/health", timeout=30) as answer:
            said: dict[str, Any] = json.load(answer)
        return said

    def worker(self) -> psutil.Process:
        """The process that does the work."""
        (one,) = self.master.children()
        return one


@contextmanager
def serving(folder: Path, *, app: str = "app:app", **environment: str) -> Iterator[Server]:
    """gunicorn as it is started by a person, until the block ends. No setting of the caller's own is heard.

    ``app``: module and name of what it serves.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    variables = {name: value for name, value in os.environ.items() if not name.startswith("LIPSYNC_")}
    variables |= {
        "LIPSYNC_HOST": "127.0.0.1",
        "LIPSYNC_PORT": str(port),
        "LIPSYNC_OUTPUTS": str(folder / "outputs"),
        "LIPSYNC_CACHE": str(folder / "cache"),
        "LIPSYNC_STATE": str(folder / "state"),
        "LIPSYNC_CLONED_VOICES": str(folder / "voices"),
        "LIPSYNC_CHECKPOINTS": str(folder / "checkpoints"),
        "LIPSYNC_RATE_LIMIT": "",
        "LIPSYNC_VOICES": "espeak",
        "LIPSYNC_ENGINE": "puppet",
        "LIPSYNC_ALLOW_ANONYMOUS": "0",
        **environment,
    }
    log = folder / "server.log"
    command = [sys.executable, "-m", "gunicorn", "-c", str(ROOT / "gunicorn.conf.py"), "--pythonpath", str(ROOT)]
    with log.open("w") as output:
        # In a folder where no .env lies, and in a session of its own: Ctrl-C is ours alone.
        process = subprocess.Popen(
            [*command, app],
            cwd=folder,
            env=variables,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        server = Server(f"http://127.0.0.1:{port}", psutil.Process(process.pid), log)
        _wait(server, process)
        yield server
    finally:
        end(process)


def end(process: subprocess.Popen[Any]) -> None:
    """Ask it and all of its session to end; those that do not are killed."""
    if process.poll() is None:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(_STOP)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _wait(server: Server, process: subprocess.Popen[Any]) -> None:
    until = time.monotonic() + _START
    while time.monotonic() < until and process.poll() is None:
        with suppress(OSError, urllib.error.URLError), LOCAL.open(f"{server.url}/api/ready", timeout=5):
            return
        time.sleep(0.1)
    raise SystemExit(f"the server does not start:\n{server.log.read_text()}")


@dataclass(frozen=True)
class Taken:
    """What the server took at a moment."""

    when: float
    """As time.monotonic() has it."""
    megabytes: float
    """Resident, of the worker; 2^20 bytes."""
    threads: int
    files: int
    processor: float
    """Seconds of all its threads."""


def taken(worker: psutil.Process) -> Taken:
    """What it takes now."""
    with worker.oneshot():
        times = worker.cpu_times()
        return Taken(
            time.monotonic(),
            worker.memory_info().rss / (1 << 20),
            worker.num_threads(),
            worker.num_fds(),
            times.user + times.system,
        )


@contextmanager
def watched(worker: psutil.Process, each: float = 1.0) -> Iterator[list[Taken]]:
    """The list, to which what the worker takes is added each second until the block ends."""
    seen: list[Taken] = []
    over = threading.Event()

    def look() -> None:
        while not over.wait(each):
            try:
                seen.append(taken(worker))
            except psutil.NoSuchProcess:
                return

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()
