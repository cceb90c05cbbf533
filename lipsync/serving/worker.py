"""gunicorn's threaded worker, in which no client keeps a thread by being slow.

gunicorn's own gives each connection a thread when it is accepted, where it waits up to 5 s for data: 500 connections
that say nothing take all threads for minutes. Here connections wait in the poller until the head of a request is
whole, for a bounded time, and so does a small body. A request whose body is larger, and not whole, needs one of few
slots (:class:`~lipsync.serving.upload_slots.UploadSlots`) to get a thread; the others wait for a slot, unread. A
thread that must wait for a client does so on a :class:`~lipsync.serving.client_socket.ClientSocket`, patient within
bounds; and a connection that is done lingers in the poller too, where gunicorn would stop its whole main loop for up
to 2 s until the client has closed.

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
import errno
import json
import math
import resource
import signal
import socket
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from queue import Empty
from selectors import EVENT_READ
from threading import Lock
from typing import Any

from gunicorn.workers.gthread import TConn, ThreadWorker

from lipsync.addresses import customer_of
from lipsync.errors import LipsyncError
from lipsync.serving.arriving import arriving
from lipsync.serving.client_socket import READ_AHEAD, ClientSocket, Manners
from lipsync.serving.upload_slots import UploadSlots
from lipsync.settings import Settings

FILES = 65_536
"""Open files that are asked of the system, where it lets that many."""

ARENAS = 2
"""Heaps of the C library's malloc, which would give each of many threads its own: what one frees, none of the others
takes. Under load it then keeps 660 MB instead of 380 of which no more is used, and the videos take as long."""
_M_ARENA_MAX = -8  # malloc.h

SPARE_FILES = 512
"""Open files that connections leave to the rest: the listening socket, the database, videos."""
_ACCEPTS = 64
"""Connections accepted at once: with one for each round of the main loop many new ones would hold a few others up."""
_NO_FILES = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
"""Errors of accept(2) when the system allows no further connection."""


class Connection(TConn):  # type: ignore[misc]  # gunicorn has no types
    """A connection that ends in the poller."""

    sock: ClientSocket

    def __init__(self, worker: Worker, accepted: ClientSocket, client: object, server: object) -> None:
        super().__init__(worker.cfg, accepted, client, server)
        self.data_ready = True  # a thread comes when there is data
        self.peer = str(client[0]) if isinstance(client, tuple) else ""
        """The address at the other end; empty: a socket in the file system."""
        self.slot: str | None = None
        """The address whose slot it has."""
        self._linger = worker.linger
        accepted.on_whole = partial(worker.release, self)
        accepted.may_wait = partial(worker.may_wait, self)

    @property
    def address(self) -> str:
        """Whom it counts for."""
        arriving = self.sock.arriving
        return customer_of(arriving.address if arriving else self.peer)

    def close(self, graceful: bool = False) -> None:
        if self.sock.given_up:
            self.sock.close_hard()
        elif graceful:
            self._linger(self.sock)
        else:
            self.sock.close()


class Worker(ThreadWorker):  # type: ignore[misc]
    """See above. All methods but ``handle``, ``is_hurried``, ``release`` and ``may_wait`` run in the main thread."""

    IDLE = 15.0
    """Seconds for the first byte of a connection."""
    HEAD = 30.0
    """Seconds for the head of a request, from its first byte on."""
    BODY = 30.0
    """Seconds for a small body, from the end of the head on, and for a large one to get a slot."""
    LINGER = 2.0
    """Seconds for a client to close its end; after a stop, for a request that is on its way."""
    FAREWELL = 5.0
    """Seconds that are left for the end of the process when ``graceful_timeout`` is nearly over."""
    MANNERS = Manners()

    nr_conns: int
    alive: bool
    worker_connections: int
    early_signals: Any
    """The queue of signals that the worker has inherited from the master, where there is one (gunicorn.conf.py)."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._waiting: dict[Connection, float] = {}
        """Without a thread, before the head of a request, and until when; the oldest first."""
        self._queued: dict[Connection, float] = {}
        """Without a thread, until there is a slot for the body, and until when; the oldest first."""
        self._lingering: dict[ClientSocket, float] = {}
        self._proxies = Settings().proxies
        total = max(2, self.cfg.threads // 4)
        self._slots, self._slot_lock = UploadSlots(total, max(1, total // 5)), Lock()
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
        self._fit_connections(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
        _few_arenas()
        super().init_process()

    def _fit_connections(self, files: int) -> None:
        """Lower the number of connections to what the limit of open files allows."""
        if files == resource.RLIM_INFINITY:
            return
        fitting = max(files // 2, files - SPARE_FILES)
        if fitting < self.worker_connections:
            self.log.warning("%d connections at most: only %d files can be open (ulimit -n)", fitting, files)
            self.worker_connections = fitting
            self.max_keepalived = max(0, fitting - self.cfg.threads)

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
        """Take the connections that are there; they wait without a thread."""
        for _ in range(_ACCEPTS):
            if self.nr_conns >= self.worker_connections:
                return
            try:
                accepted, client = listener.accept()
            except (BlockingIOError, ConnectionAbortedError):
                return
            except OSError as error:
                if error.errno not in _NO_FILES:
                    raise
                self._make_room(force=True)
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
        conn.sock.arriving = None
        self._waiting[conn] = self._until(self.IDLE)
        self.poller.register(conn.sock, EVENT_READ, partial(self._on_data, conn))

    def _on_data(self, conn: Connection, client: ClientSocket) -> None:
        if conn not in self._waiting:
            return  # closed in this round, to make room
        silent = client.is_silent
        if client.fill():
            self._let_go(conn)
            if client.is_silent:  # it has gone without a word
                self._forget(conn)
            else:
                self.enqueue_req(conn)
        elif client.has_head:
            self._on_head(conn)
        elif silent and not client.is_silent:
            self._waiting[conn] = self._until(self.HEAD)

    def _on_head(self, conn: Connection) -> None:
        """The head is there, and perhaps a part of the body, or all of it."""
        client = conn.sock
        if client.arriving is None:
            client.arriving = arriving(client.ahead, conn.peer, self._proxies)
            self._waiting[conn] = self._until(self.BODY)
        request = client.arriving
        if request.is_whole:
            self._let_go(conn)
            self.enqueue_req(conn)
        elif client.is_full or not request.may_fit(READ_AHEAD):
            self._let_go(conn)
            if self._take_slot(conn):
                self.enqueue_req(conn)
            else:
                self._queued[conn] = self._until(self.BODY)

    def _until(self, seconds: float) -> float:
        return time.monotonic() + (seconds if self.alive else min(seconds, self.LINGER))

    def _let_go(self, conn: Connection) -> None:
        del self._waiting[conn]
        self.poller.unregister(conn.sock)

    def _forget(self, conn: Connection) -> None:
        self.nr_conns -= 1
        conn.close()

    # ---- slots for bodies

    def _take_slot(self, conn: Connection) -> bool:
        """Whether ``conn`` has a slot now."""
        with self._slot_lock:
            if conn.slot is None and self._slots.take(conn.address):
                conn.slot = conn.address
            return conn.slot is not None

    def may_wait(self, conn: Connection) -> bool:
        """Whether the thread of ``conn`` may wait for more of its request: what was not foreseen needs a slot too."""
        return self._take_slot(conn)

    def release(self, conn: Connection) -> None:
        """The body of ``conn`` is whole, or is no longer waited for."""
        with self._slot_lock:
            address, conn.slot = conn.slot, None
            if address is None:
                return
            self._slots.give_back(address)
        self.method_queue.defer(self._serve_queued)

    def _serve_queued(self) -> None:
        """Give free slots to those that wait: first to addresses that have the fewest, of these to the oldest."""
        by_address = _by_address(self._queued)
        for address in sorted(by_address, key=self._slots.held):
            conn = by_address[address][0]
            if self._take_slot(conn):
                del self._queued[conn]
                self.enqueue_req(conn)

    # ---- it is answered

    def enqueue_req(self, conn: Connection) -> None:
        self._busy += 1
        super().enqueue_req(conn)

    def handle(self, conn: Connection) -> object:
        conn.sock.begin()
        return super().handle(conn)

    def finish_request(self, conn: Connection, fs: Future[object]) -> None:
        self._busy -= 1
        self.release(conn)
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
            if conn.sock.is_silent:
                self._forget(conn)
            else:
                self._refuse(conn, LipsyncError("request_too_slow"))
        for conn in [one for one, until in self._queued.items() if until <= now]:
            del self._queued[conn]
            self._refuse(conn, self._too_many_uploads())
        for client in [one for one, until in self._lingering.items() if until <= now]:
            self._part(client)
        self._make_room()

    def _too_many_uploads(self) -> LipsyncError:
        return LipsyncError("too_many_uploads", seconds=math.ceil(self.BODY))

    def _refuse(self, conn: Connection, error: LipsyncError) -> None:
        """Answer without a thread, and close."""
        self.nr_conns -= 1
        _say(conn.sock.send, refusal(error, conn.sock))
        conn.close(graceful=True)

    def _make_room(self, *, force: bool = False) -> None:
        """With as many connections as may be, some that have no thread go: others could not come in.

        Each time the oldest of the address that has the most: one that holds many harms no other.
        """
        if self.nr_conns < self.worker_connections and not force:
            return
        by_address = _by_address((*self._queued, *self._waiting))
        threadless = len(self._queued) + len(self._waiting)
        for _ in range(min(threadless, max(1, self.worker_connections // 10))):
            conn = max(by_address.values(), key=len).popleft()
            if self._queued.pop(conn, None) is None:
                self._let_go(conn)
            if not conn.sock.is_silent:
                _say(conn.sock.send, refusal(self._too_many_uploads(), conn.sock))
            self._forget(conn)
        if self.nr_conns >= self.worker_connections or force:
            self.murder_keepalived(force=True)

    def _hasten(self, now: float) -> None:
        """The worker stops: requests that are not here yet have LINGER to come, and those that run, until shortly
        before the master's patience ends, so that what they leave behind can still be put in order."""
        if self._stop_by is None:
            patience = self.cfg.graceful_timeout
            self._stop_by = now + patience - min(self.FAREWELL, patience / 4)
            self._waiting = {conn: min(until, now + self.LINGER) for conn, until in self._waiting.items()}
            self._queued = {conn: min(until, now + self.LINGER) for conn, until in self._queued.items()}
        if now >= self._stop_by and self.nr_conns > 0:
            self.log.warning("%d connections are still open: the worker ends without them", self.nr_conns)
            self.nr_conns = 0


def _nothing(_kind: int, _frame: object) -> None:
    """A signal that is not heeded any more."""


def _say(send: Callable[[bytes], int], words: bytes) -> None:
    with suppress(OSError):
        send(words)


def _by_address(connections: Iterable[Connection]) -> dict[str, deque[Connection]]:
    """The connections by the address that each counts for, in their order."""
    found: dict[str, deque[Connection]] = {}
    for conn in connections:
        found.setdefault(conn.address, deque()).append(conn)
    return found


def refusal(error: LipsyncError, client: ClientSocket) -> bytes:
    """The answer to a request that no thread has seen, in the form and the language of the application's."""
    from lipsync.web.errors import form_of, openai_problem, problem  # noqa: PLC0415 - in the worker
    from lipsync.web.reader import accepted_language  # noqa: PLC0415

    request = client.arriving
    language = accepted_language(request.headers.get("accept-language", "") if request else "") or "en"
    is_openai = request is not None and form_of(request.path.partition("?")[0]) == "openai"
    answer = (openai_problem if is_openai else problem)(error, language).model_dump()
    body = json.dumps(answer, ensure_ascii=False).encode()
    seconds = error.facts.get("seconds")
    return (
        "\r\n".join(
            [
                f"HTTP/1.1 {error.status} {HTTPStatus(error.status).phrase}",
                "Content-Type: application/json",
                f"Content-Length: {len(body)}",
                *([f"Retry-After: {seconds}"] if seconds else []),
                "Cache-Control: no-store",
                "Connection: close",
                "\r\n",
            ]
        ).encode()
        + body
    )


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
