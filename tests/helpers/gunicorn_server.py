"""A real gunicorn with the project's own configuration, for tests."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from lipsync.server.app import ROOT
from tests.helpers.ports import free_port

PATIENCE = 60.0
"""Seconds after which something that should happen is taken not to."""


@dataclass(frozen=True)
class Server:
    """A running server."""

    port: int
    process: subprocess.Popen[str]
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: dict[str, str] | None = None,
        address: str = "127.0.0.1",
    ) -> Answer:
        """One request on a connection of its own, from ``address``; a dict goes as JSON, bytes and iterators as they
        are."""
        headers = dict(headers or {})
        if isinstance(body, dict):
            body = json.dumps(body)
            headers["Content-Type"] = "application/json"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, PATIENCE, (address, 0))
        try:
            connection.request(method, path, body, headers, encode_chunked="Transfer-Encoding" in headers)  # type: ignore[arg-type]
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def processes(self) -> list[int]:
        """Its own number and that of its worker."""
        return [self.process.pid, *(one.pid for one in psutil.Process(self.process.pid).children())]

    def stop(self) -> int:
        """SIGTERM, and the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)

    def kill(self) -> None:
        """SIGKILL, to its worker too."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    """By names in any case."""
    body: bytes

    @property
    def code(self) -> str:
        return str(json.loads(self.body)["code"])


@contextmanager
def serve(folder: Path, app: str = "app:app", *options: str, **environment: str) -> Iterator[Server]:
    """Serve ``app`` until the block ends; its folders are in ``folder``, and PORT in an option is its port."""
    port = free_port()
    (folder / "outputs").mkdir(parents=True, exist_ok=True)
    variables = {
        **os.environ,
        "LIPSYNC_PORT": str(port),
        "LIPSYNC_HOST": "127.0.0.1",
        "LIPSYNC_OUTPUTS": str(folder / "outputs"),
        "LIPSYNC_CACHE": str(folder / "cache"),
        "LIPSYNC_STATE": str(folder / "state"),
        "LIPSYNC_RATE_LIMIT": "",
        "LIPSYNC_WARM_UP": "false",
        "PYTHONPATH": str(ROOT),
        **environment,
    }
    log = folder / "server.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", *(one.replace("PORT", str(port)) for one in options), app],
            cwd=ROOT,
            env=variables,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
    server = Server(port, process, log)
    try:
        wait_until(lambda: _is_ready(server), server)
        yield server
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                server.kill()  # its worker would wait for its request


def wait_until(happens: Callable[[], bool], server: Server, timeout_s: float = PATIENCE) -> None:
    """Wait for something; a server that ends meanwhile, or never gets there, fails the test with its log."""
    end = time.monotonic() + timeout_s
    while not happens():
        if server.process.poll() is not None or time.monotonic() > end:
            raise AssertionError(f"the server did not get there:\n{server.log.read_text()}")
        time.sleep(0.05)


def _is_ready(server: Server) -> bool:
    try:
        return server.ask("GET", "/api/ready").status == 200
    except (OSError, http.client.HTTPException):  # it does not listen yet; the system may connect a client to itself
        return False
