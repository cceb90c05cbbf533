"""A client's connection on which no thread waits without end.

A thread that waits for a client's bytes, or for a client to take some, waits as long as :class:`Patience` allows. In
between gunicorn's own code and the application know it as an ordinary blocking socket.
"""

from __future__ import annotations

import logging
import os
import select
import socket
import struct
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from lipsync.serving.arriving import HEAD_END, Arriving

log = logging.getLogger(__name__)
Answer = TypeVar("Answer")

READ_AHEAD = 8192
"""Bytes read before there is a thread; no more than gunicorn's parser takes with one read (SocketUnreader)."""

_BLOCK = 1 << 20
_SLICE = 1.0
"""Seconds after which a wait asks again how long it may be."""


@dataclass(frozen=True)
class Patience:
    """How long one request may make a thread wait."""

    silence: float
    """Seconds in which not one byte moves."""
    rate: float
    """Bytes a second, at least, of the time waited beyond ``grace``; 0: any."""
    grace: float = 30.0
    """Seconds waited in all that are forgiven."""

    def is_over(self, silent: float, waited: float, moved: int) -> bool:
        """After ``silent`` seconds without a byte, ``waited`` in all for ``moved`` bytes."""
        return silent >= self.silence or (waited - self.grace) * self.rate > moved


@dataclass(frozen=True)
class Manners:
    """Patience with a client, by what it is waited for."""

    reading: Patience = Patience(silence=30.0, rate=500.0)
    """Its request: about what Apache's mod_reqtimeout asks for."""
    writing: Patience = Patience(silence=120.0, rate=0.0)
    """To take the answer. A video that is watched slowly, or is paused, is no fault."""
    hurried: Patience = Patience(silence=5.0, rate=10_000.0, grace=5.0)
    """Both, when threads run short and when the server stops."""


def _nothing() -> None:
    pass


def _always() -> bool:
    return True


class TooSlow(ConnectionResetError):
    """The client has used up all patience. gunicorn takes a broken connection calmly; this is one."""


class ClientSocket(socket.socket):
    """One accepted connection; it takes over the descriptor of ``accepted``.

    The descriptor never blocks; what would, waits here. ``recv``, ``send``, ``sendall`` and ``sendfile`` raise
    TooSlow where the socket is "blocking", TimeoutError after a timeout that was set, BlockingIOError where it is 0.
    """

    def __init__(self, accepted: socket.socket, hurry: Callable[[], bool], manners: Manners) -> None:
        family, kind, protocol = accepted.family, accepted.type, accepted.proto
        super().__init__(family, kind, protocol, fileno=accepted.detach())
        super().settimeout(0.0)
        self.given_up = False
        """Whether the client was too slow."""
        self.arriving: Arriving | None = None
        """The request that is read now, from the end of its head on."""
        self.on_whole: Callable[[], None] = _nothing
        """Called in the thread that has read the last byte of the request."""
        self.may_wait: Callable[[], bool] = _always
        """Whether this thread may wait for bytes of a request."""
        self._timeout: float | None = None
        self._hurry, self._manners = hurry, manners
        self._ahead = b""
        self.begin()

    def begin(self) -> None:
        """A request begins: what was waited for before is forgotten."""
        self._waited = {select.POLLIN: 0.0, select.POLLOUT: 0.0}
        self._moved = {select.POLLIN: 0, select.POLLOUT: 0}

    # ---- before there is a thread

    def fill(self) -> bool:
        """Take what has come, without waiting, up to READ_AHEAD; whether the client has gone."""
        try:
            data = super().recv(READ_AHEAD - len(self._ahead))
        except BlockingIOError:
            return False
        except OSError:
            return True
        self._ahead += data
        if self.arriving is not None and self.arriving.body is not None:
            self.arriving.body.feed(data)
        return not data

    @property
    def ahead(self) -> bytes:
        """What was read ahead."""
        return self._ahead

    @property
    def has_head(self) -> bool:
        """Whether the head of a request is whole, or longer than READ_AHEAD."""
        return HEAD_END in self._ahead or self.is_full

    @property
    def is_full(self) -> bool:
        """Whether nothing more is read ahead."""
        return len(self._ahead) >= READ_AHEAD

    @property
    def is_silent(self) -> bool:
        """Whether nothing was read ahead."""
        return not self._ahead

    # ---- timeouts, as gunicorn sets them

    def setblocking(self, flag: bool) -> None:
        self._timeout = None if flag else 0.0

    def settimeout(self, value: float | None) -> None:
        self._timeout = value

    def gettimeout(self) -> float | None:
        return self._timeout

    # ---- with a thread

    def recv(self, bufsize: int, flags: int = 0) -> bytes:
        if self._ahead and not flags:
            data, self._ahead = self._ahead[:bufsize], self._ahead[bufsize:]
            return data
        data = self._patiently(select.POLLIN, lambda: super(ClientSocket, self).recv(bufsize, flags))
        self._moved[select.POLLIN] += len(data)
        self._follow(data)
        return data

    def send(self, data: Any, flags: int = 0) -> int:
        sent = self._patiently(select.POLLOUT, lambda: super(ClientSocket, self).send(data, flags))
        self._moved[select.POLLOUT] += sent
        return sent

    def sendall(self, data: Any, flags: int = 0) -> None:
        rest = memoryview(data).cast("B")
        while rest:
            rest = rest[self.send(rest, flags) :]

    def sendfile(self, file: Any, offset: int = 0, count: int | None = None) -> int:
        """As socket's own: ``count`` bytes of ``file``, which has a descriptor, from ``offset`` on; how many went."""
        done = 0
        while count is None or done < count:
            block = _BLOCK if count is None else min(_BLOCK, count - done)
            position = offset + done
            sent = self._patiently(
                select.POLLOUT,
                lambda position=position, block=block: os.sendfile(self.fileno(), file.fileno(), position, block),  # type: ignore[misc]
            )
            if sent == 0:
                break
            done += sent
            self._moved[select.POLLOUT] += sent
        return done

    def close_hard(self) -> None:
        """Close now, and drop what the client has not taken."""
        with suppress(OSError):
            self.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def _follow(self, data: bytes) -> None:
        body = self.arriving.body if self.arriving else None
        if body is not None and not body.is_whole:
            body.feed(data)
            if body.is_whole:
                self.on_whole()

    def _patiently(self, event: int, move: Callable[[], Answer]) -> Answer:
        while True:
            try:
                return move()
            except BlockingIOError:
                if self._timeout == 0:
                    raise
            self._wait(event)

    def _wait(self, event: int) -> None:
        """Return when ``event`` may have come about."""
        if event == select.POLLIN and self._timeout is None and not self.may_wait():
            self.given_up = True
            raise TooSlow("too many requests are still being sent")
        poll = select.poll()
        poll.register(self, event)
        began, until, before = time.monotonic(), self._timeout, self._waited[event]
        came: object = None
        silent = 0.0
        while not came:
            came = poll.poll(1000 * (_SLICE if until is None else max(0.0, min(_SLICE, until - silent))))
            silent = time.monotonic() - began
            self._waited[event] = before + silent
            if until is None:
                self._check(event, 0.0 if came else silent)
            elif not came and silent >= until:
                raise TimeoutError("timed out")

    def _check(self, event: int, silent: float) -> None:
        manners, reads = self._manners, event == select.POLLIN
        waited, moved = self._waited[event], self._moved[event]
        patience = manners.hurried if self._hurry() else manners.reading if reads else manners.writing
        if patience.is_over(silent, waited, moved):
            self.given_up = True
            log.info(
                "a client was too slow %s: %d bytes in %.0f s, the last of them %.0f s ago",
                "to send its request" if reads else "to take its answer",
                moved,
                waited,
                silent,
            )
            raise TooSlow("the client is too slow")
