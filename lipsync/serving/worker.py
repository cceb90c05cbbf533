"""gunicorn's threaded worker, in which no client keeps a thread by being slow.

gunicorn's own gives each connection a thread when it is accepted, where it waits up to 5 s for data: 500 connections
that say nothing take all threads for minutes. Here connections wait in the poller until the head of a request is
whole, for a bounded time; a thread that must wait for a client afterwards does so on a
:class:`~lipsync.serving.client_socket.ClientSocket`, patient within bounds; and a connection that is done lingers
in the poller too, where gunicorn would stop its whole main loop for up to 2 s until the client has closed.

What is used of gunicorn beyond its documents, all of it in gunicorn.workers.gthread as 27.0 has it. That a newer one
has it too is held by tests/serving/test_worker.py, and pyproject.toml lets none in that was not tried:

- ``ThreadWorker``: ``accept``, ``on_client_socket_readable``, ``enqueue_req``, ``finish_request``, ``handle`` and
  ``murder_pending`` are called as before, the last one at least each second, also while the worker stops;
  ``handle_quit`` by SIGINT and SIGQUIT; ``poller`` calls what is registered with a socket; the worker stops when
  ``nr_conns`` is 0; ``keepalived_conns`` is a deque; ``wait_for_and_dispatch_events`` waits in the poller.
- ``TConn``: ``data_ready`` means that a thread need not wait for data; ``close`` is how a connection ends.
"""

from __future__ import annotations

import ctypes
import resource
import signal
import socket
import sys
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from queue import Empty
from selectors import EVENT_READ
from typing import Any

from gunicorn.workers.gthread import TConn, ThreadWorker

from lipsync.serving.client_socket import ClientSocket, Manners

FILES = 65_536
"""Open files that are asked of the system, where it lets that many."""

ARENAS = 2
"""Heaps of the C library's malloc, which would give each of many threads its own: what one frees, none of the others
takes. Under load it then keeps 660 MB instead of 380 of which no more is used, and the videos take as long."""
_M_ARENA_MAX = -8  # malloc.h

_TIMED_OUT = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class Connection(TConn):  # type: ignore[misc]  # gunicorn has no types
    """A connection that ends in the poller."""

    sock: ClientSocket

    def __init__(self, worker: Worker, accepted: ClientSocket, client: object, server: object) -> None:
        super().__init__(worker.cfg, accepted, client, server)
        self.data_ready = True  # a thread comes when there is data
        self._linger = worker.linger

    def close(self, graceful: bool = False) -> None:
        if self.sock.given_up:
            self.sock.close_hard()
        elif graceful:
            self._linger(self.sock)
        else:
            self.sock.close()


class Worker(ThreadWorker):  # type: ignore[misc]
    """See above. All methods but ``handle`` and ``is_hurried`` run in the main thread."""

    IDLE = 15.0
    """Seconds for the first byte of a connection."""
    HEAD = 30.0
    """Seconds for the head of a request, from its first byte on."""
    LINGER = 2.0
    """Seconds for a client to close its end; after a stop, for a request that is on its way."""
    FAREWELL = 5.0
    """Seconds that are left for the end of the process when ``graceful_timeout`` is nearly over."""
    MANNERS = Manners()

    nr_conns: int
    alive: bool
    early_signals: Any
    """The queue of signals that the worker has inherited from the master, where there is one (gunicorn.conf.py)."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._waiting: dict[Connection, float] = {}
        """Without a thread, before the head of a request, and until when; the oldest first."""
        self._lingering: dict[ClientSocket, float] = {}
        self._busy = 0
        """Requests that have a thread or wait for one."""
        self._next_sweep = 0.0
        self._stop_by: float | None = None

    @classmethod
    def check_config(cls, cfg: Any, log: Any) -> None:
        super().check_config(cfg, log)
        if cfg.is_ssl:
            raise ValueError("TLS is for a proxy in front (deploy/nginx.conf): certfile and keyfile must not be set")

    def init_process(self) -> None:
        _allow_files()
        _few_arenas()
        super().init_process()

    def init_signals(self) -> None:
        """Between the fork and its own handlers the worker has the master's, which only note a signal. A stop that
        comes in that moment would be lost, and the master would wait for the worker until its patience ends."""
        super().init_signals()
        with suppress(AttributeError, Empty):
            while True:
                if self.early_signals.get_nowait() in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
                    self.alive = False

    def handle_quit(self, sig: int, frame: object) -> None:
        """End now. A terminal's Ctrl-C reaches worker and master, and the master sends SIGQUIT on top: a second
        signal would break off what puts things in order at the end (gunicorn.conf.py, worker_exit)."""
        for kind in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
            signal.signal(kind, _nothing)  # SIG_IGN would have Python complain of one that has come already
        super().handle_quit(sig, frame)

    def is_hurried(self) -> bool:
        """Whether slow clients must go: hardly a thread is free, or the worker stops."""
        spare = min(16, self.cfg.threads // 4)
        return not self.alive or self._busy > self.cfg.threads - spare

    # ---- a request comes

    def accept(self, listener: Any) -> None:
        """Take one connection; it waits without a thread."""
        try:
            accepted, client = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        sock = ClientSocket(accepted, self.is_hurried, self.MANNERS)
        self.nr_conns += 1
        self._await_request(Connection(self, sock, client, listener.getsockname()))

    def on_client_socket_readable(self, conn: Connection, client: ClientSocket) -> None:
        """A kept connection sends its next request."""
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        self._await_request(conn)
        self._on_data(conn, client)

    def _await_request(self, conn: Connection) -> None:
        self._waiting[conn] = self._until(self.IDLE)
        self.poller.register(conn.sock, EVENT_READ, partial(self._on_data, conn))

    def _on_data(self, conn: Connection, client: ClientSocket) -> None:
        silent = client.is_silent
        if client.fill():
            self._let_go(conn)
            if client.is_silent:  # it has gone without a word
                self._forget(conn)
            else:
                self.enqueue_req(conn)
        elif silent and not client.is_silent:
            self._waiting[conn] = self._until(self.HEAD)

    def _until(self, seconds: float) -> float:
        return time.monotonic() + (seconds if self.alive else min(seconds, self.LINGER))

    def _let_go(self, conn: Connection) -> None:
        del self._waiting[conn]
        self.poller.unregister(conn.sock)

    def _forget(self, conn: Connection) -> None:
        self.nr_conns -= 1
        conn.close()

    # ---- it is answered

    def enqueue_req(self, conn: Connection) -> None:
        self._busy += 1
        super().enqueue_req(conn)

    def handle(self, conn: Connection) -> object:
        conn.sock.begin()
        return super().handle(conn)

    def finish_request(self, conn: Connection, fs: Future[object]) -> None:
        self._busy -= 1
        super().finish_request(conn, fs)

    def linger(self, client: ClientSocket) -> None:
        """Let the client read to the end: closed at once, with bytes unread, it would see a broken connection."""
        try:
            client.shutdown(socket.SHUT_WR)
            client.setblocking(False)
            self.poller.register(client, EVENT_READ, self._drop)
        except (OSError, ValueError, KeyError):  # it has gone already
            client.close()
            return
        self.nr_conns += 1
        self._lingering[client] = time.monotonic() + self.LINGER

    def _drop(self, client: ClientSocket) -> None:
        try:
            ended = not client.recv(65_536)
        except BlockingIOError:
            return
        except OSError:
            ended = True
        if ended:
            self._part(client)

    def _part(self, client: ClientSocket) -> None:
        del self._lingering[client]
        self.poller.unregister(client)
        self.nr_conns -= 1
        client.close()

    # ---- time passes

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        """Not beyond the end of what a stop may take: a whole second later the master's patience may be over."""
        if self._stop_by is not None:
            timeout = min(timeout, max(0.0, self._stop_by - time.monotonic()))
        super().wait_for_and_dispatch_events(timeout)

    def murder_pending(self) -> None:
        """Close what has waited for too long. Called after each event, and each second."""
        now = time.monotonic()
        if not self.alive:
            self._hasten(now)
        if now < self._next_sweep and self.nr_conns < self.worker_connections:
            return
        self._next_sweep = now + 0.5
        for conn in [one for one, until in self._waiting.items() if until <= now]:
            self._let_go(conn)
            if not conn.sock.is_silent:
                _say(conn.sock.send, _TIMED_OUT)
            self._forget(conn)
        for client in [one for one, until in self._lingering.items() if until <= now]:
            self._part(client)
        self._make_room()

    def _make_room(self) -> None:
        """With as many connections as may be, the oldest without a request go: others could not come in."""
        if self.nr_conns < self.worker_connections:
            return
        for conn in list(self._waiting)[: self.worker_connections // 10]:
            self._let_go(conn)
            self._forget(conn)
        if self.nr_conns >= self.worker_connections:
            self.murder_keepalived(force=True)

    def _hasten(self, now: float) -> None:
        """The worker stops: requests that are not here yet have LINGER to come, and those that run, until shortly
        before the master's patience ends, so that what they leave behind can still be put in order."""
        if self._stop_by is None:
            patience = self.cfg.graceful_timeout
            self._stop_by = now + patience - min(self.FAREWELL, patience / 4)
            self._waiting = {conn: min(until, now + self.LINGER) for conn, until in self._waiting.items()}
        if now >= self._stop_by and self.nr_conns > 0:
            self.log.warning("%d connections are still open: the worker ends without them", self.nr_conns)
            self.nr_conns = 0


def _nothing(_kind: int, _frame: object) -> None:
    """A signal that is not heeded any more."""


def _say(send: Callable[[bytes], int], words: bytes) -> None:
    with suppress(OSError):
        send(words)


def _allow_files() -> None:
    """Raise the limit of open files to FILES, or as far as it goes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _few_arenas() -> None:
    """Let all threads share ARENAS heaps; before there are threads. Only glibc has them."""
    if sys.platform == "linux":
        with suppress(AttributeError):
            ctypes.CDLL(None).mallopt(_M_ARENA_MAX, ARENAS)
