"""The gunicorn worker: uvicorn's server in gunicorn's process, which listens, restarts and reloads."""

from __future__ import annotations

import asyncio
import ctypes
import os
import resource
import signal
import sys
from contextlib import suppress
from queue import Empty
from typing import TYPE_CHECKING, Any, ClassVar

from gunicorn.workers.base import Worker

from lipsync.server.asgi.timeouts import TimeoutPolicy
from lipsync.settings import Settings

if TYPE_CHECKING:
    from lipsync.server.asgi.connections import Connections
    from lipsync.server.gunicorn.uvicorn_server import GracefulServer

MAX_OPEN_FILES = 65_536
"""Open files that are asked of the system, where it allows that many."""
RESERVED_FILES = 512
"""Open files that connections leave to the rest: the listening socket, the database, videos."""
MALLOC_ARENAS = 2
"""Heaps of glibc's malloc, which would give each of many threads its own: what one frees, none of the others takes.
Under load it then keeps 660 MB instead of 380, for the same use and the same speed."""
_M_ARENA_MAX = -8  # malloc.h
SWITCH_INTERVAL_S = 0.001
"""Seconds after which a thread that computes in Python gives the interpreter's lock to one that waits for it. The
event loop takes the lock about eight times for one request: beside a thread that never rests a request on a kept
connection takes 0.8 ms in the median, with Python's default of 0.005 13 ms. Videos take as long."""


class AsgiWorker(Worker):  # type: ignore[misc]  # gunicorn has no types
    """Serves a Flask application by ASGI (lipsync/server/asgi/app.py), in one event loop in the main thread."""

    POLICY: ClassVar[TimeoutPolicy] = TimeoutPolicy()

    alive: bool
    _server: GracefulServer | None = None
    early_signals: Any
    """The queue of signals that the worker has inherited from the master, where there is one (config.py)."""

    @classmethod
    def check_config(cls, cfg: Any, _log: Any) -> None:
        """Raises ValueError when gunicorn is configured to serve TLS."""
        if cfg.is_ssl:
            raise ValueError("TLS is for a proxy in front (deploy/nginx.conf): certfile and keyfile must not be set")

    def init_process(self) -> None:
        """Called after the fork; returns at the end of the process."""
        _raise_file_limit()
        _limit_arenas()
        super().init_process()

    def init_signals(self) -> None:
        """Between the fork and its own handlers the worker has the master's, which only note a signal. A stop that
        comes in that moment would be lost, and the master would wait for the worker until its patience ends."""
        super().init_signals()
        signal.set_wakeup_fd(-1)  # nobody reads gunicorn's pipe here; asyncio wakes by itself
        with suppress(AttributeError, Empty):
            while True:
                if self.early_signals.get_nowait() in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
                    self.alive = False

    def handle_quit(self, sig: int, frame: object) -> None:
        """End now. A terminal's Ctrl-C reaches worker and master, and the master sends SIGQUIT on top: a second
        signal would break off what puts things in order at the end (config.py, worker_exit)."""
        for kind in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
            signal.signal(kind, _ignore)  # SIG_IGN would have Python complain of one that has come already
        if self._server is None:
            super().handle_quit(sig, frame)
        else:  # uvicorn would catch a SystemExit that is raised while one of its tasks runs
            self.alive, self._server.force_exit = False, True
            self.cfg.worker_int(self)

    def run(self) -> None:
        """Serve until the worker has to stop."""
        # Not asyncio.run(), which would cancel what runs and wait for it: the process ends after this
        # (config.py, worker_exit).
        sys.setswitchinterval(SWITCH_INTERVAL_S)
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        loop.run_until_complete(self._serve())

    async def _serve(self) -> None:
        from lipsync.server.asgi.app import AsgiApp  # noqa: PLC0415 - the master has loaded this module
        from lipsync.server.asgi.connections import Connections  # noqa: PLC0415
        from lipsync.server.gunicorn.uvicorn_server import GracefulServer, configure  # noqa: PLC0415

        def is_stopping() -> bool:
            return not self.alive

        app = AsgiApp(
            self.wsgi,
            threads=self.cfg.threads,
            policy=self.POLICY,
            proxies=Settings().proxies,
            is_stopping=is_stopping,
        )
        connections = Connections(self.POLICY, self._max_connections(), is_stopping)
        self._server = GracefulServer(
            configure(app, connections, keepalive_s=self.cfg.keepalive, backlog=self.cfg.backlog),
            app=app,
            connections=connections,
            is_stopping=is_stopping,
            graceful_s=self.cfg.graceful_timeout,
            policy=self.POLICY,
        )
        beats = asyncio.create_task(self._beat(connections))
        await self._server.serve(sockets=[sock.sock for sock in self.sockets])
        beats.cancel()

    async def _beat(self, connections: Connections) -> None:
        """Tell the master that the event loop is alive; end with a master that has died; close stalled clients."""
        from lipsync.server.asgi.connections import SWEEP_S  # noqa: PLC0415

        each = min(SWEEP_S, self.timeout / 4) if self.timeout else SWEEP_S
        while True:
            self.notify()
            if self.ppid != os.getppid():
                self.log.info("the master has ended, and so does the worker")
                self.alive = False
            connections.sweep()
            await asyncio.sleep(each)

    def _max_connections(self) -> int:
        """``worker_connections``, or what the limit of open files allows."""
        files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        configured = int(self.cfg.worker_connections)
        fitting = max(files // 2, files - RESERVED_FILES)
        if files == resource.RLIM_INFINITY or fitting >= configured:
            return configured
        self.log.warning("%d connections at most: only %d files can be open (ulimit -n)", fitting, files)
        return fitting


def _ignore(_kind: int, _frame: object) -> None:
    """The handler of a signal that is ignored from now on."""


def _raise_file_limit() -> None:
    """Raise the limit of open files to MAX_OPEN_FILES, or as far as it goes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    target = MAX_OPEN_FILES if hard == resource.RLIM_INFINITY else min(MAX_OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < target:
        resource.setrlimit(resource.RLIMIT_NOFILE, (target, hard))


def _limit_arenas() -> None:
    """Let all threads share MALLOC_ARENAS heaps; before there are threads. Only glibc has them."""
    if sys.platform == "linux":
        with suppress(AttributeError):
            ctypes.CDLL(None).mallopt(_M_ARENA_MAX, MALLOC_ARENAS)
