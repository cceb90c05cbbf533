"""Each request from its beginning until its answer has been sent, also where that is a stream; observers get a
record of it."""

from __future__ import annotations

import logging
import re
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from flask import Flask, Response, g, request

from lipsync.runtime.logs import about
from lipsync.server import caller

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger(__name__)

_ID, _ROUTE, _CALLER = "lipsync.request_id", "lipsync.route", "lipsync.caller"
"""Keys in the WSGI environment."""
_GOOD_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_LONGEST_PATH = 200


@dataclass(frozen=True)
class RequestRecord:
    """A request that was answered, or whose caller has left."""

    id: str
    method: str
    route: str
    """The pattern that it matched, ``/api/jobs/<id>``; empty where it matched none."""
    path: str
    """As it was called, without the query; percent-encoded, and cut where it is long."""
    status: int
    seconds: float
    """Until the last byte was sent."""
    bytes: int
    """Bytes of the response's body that were sent."""
    whole: bool
    """Whether all of it was sent."""
    caller: str


class Watch:
    """WSGI middleware. It names each request, too: X-Request-Id, the caller's own where it is a decent one."""

    def __init__(self, app: WSGIApplication, observers: Sequence[Callable[[RequestRecord], None]]) -> None:
        self._app, self._observers = app, observers
        self._lock = Lock()
        self._requests = self._streams = 0

    @property
    def requests(self) -> int:
        """Requests that are being answered."""
        with self._lock:
            return self._requests

    @property
    def streams(self) -> int:
        """Those of them whose answer is a stream: its length is not known beforehand."""
        with self._lock:
            return self._streams

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        sending = _Sending(self, environ)

        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Callable[[bytes], object]:
            headers = [header for header in headers if header[0].lower() != "x-request-id"]
            sending.begins(int(status[:3]), {name.lower(): value for name, value in headers})
            return start_response(status, [*headers, ("X-Request-Id", sending.id)], *more)

        self.count(1)
        try:
            with about(request=sending.id):
                body = self._app(environ, start)
        except BaseException:
            sending.close()
            raise
        return sending.of(body)

    def count(self, requests: int = 0, streams: int = 0) -> None:
        """So many more are under way."""
        with self._lock:
            self._requests += requests
            self._streams += streams

    def tell(self, ended: RequestRecord) -> None:
        """Tell all of it."""
        for observer in self._observers:
            observer(ended)


class _Sending:
    """One answer on its way: an iterable for the server, which closes it in any case."""

    def __init__(self, watch: Watch, environ: WSGIEnvironment) -> None:
        self._watch, self._environ = watch, environ
        self._began = time.perf_counter()
        given = environ.get("HTTP_X_REQUEST_ID", "")
        self.id = given if _GOOD_ID.fullmatch(given) else uuid.uuid4().hex
        environ[_ID] = self.id
        self._body: Any = ()
        self._pieces: Iterator[bytes] = iter(())
        self._status, self._length, self._sent = 0, None if environ["REQUEST_METHOD"] != "HEAD" else 0, 0
        self._streams = self._ran_out = self._closed = False

    def begins(self, status: int, headers: dict[str, str]) -> None:
        """The head of the answer is known."""
        self._status = status
        if self._length is None and "content-length" in headers:
            self._length = int(headers["content-length"])
        bodiless = status in (204, 304) or self._length is not None
        if not bodiless and not self._streams:
            self._streams = True
            self._watch.count(streams=1)

    def of(self, body: Iterable[bytes]) -> _Sending:
        """This, for ``body``."""
        self._body, self._pieces = body, iter(body)
        return self

    def __iter__(self) -> _Sending:
        return self

    def __next__(self) -> bytes:
        with about(request=self.id):
            try:
                piece = next(self._pieces)
            except StopIteration:
                self._ran_out = True
                raise
        self._sent += len(piece)
        return piece

    def close(self) -> None:
        """Called by the server when all is sent, or when it cannot be."""
        try:
            with about(request=self.id):
                if hasattr(self._body, "close"):
                    self._body.close()
        finally:
            self._end()

    def _end(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._watch.count(-1, -1 if self._streams else 0)
        environ = self._environ
        path = quote(environ.get("PATH_INFO", "").encode("latin-1", "replace"), safe="/:@!$&'()*+,;=~")
        with about(request=self.id):
            self._watch.tell(
                RequestRecord(
                    id=self.id,
                    method=environ["REQUEST_METHOD"],
                    route=environ.get(_ROUTE, ""),
                    path=path[:_LONGEST_PATH],
                    status=self._status or 500,
                    seconds=time.perf_counter() - self._began,
                    bytes=self._sent,
                    whole=self._ran_out if self._length is None else self._sent >= self._length,
                    caller=environ.get(_CALLER, ""),
                )
            )


def watch(app: Flask, observers: Sequence[Callable[[RequestRecord], None]]) -> Watch:
    """Watch the requests of ``app`` from now on: ``observers`` are called with each when it has ended, in its thread.

    In a request ``g.request_id`` is its id.
    """

    def name() -> None:
        g.request_id = request.environ.get(_ID) or uuid.uuid4().hex

    def note(response: Response) -> Response:
        rule = request.url_rule
        request.environ[_ROUTE] = "" if rule is None else rule.rule
        request.environ[_CALLER] = caller.current().name
        return response

    app.before_request(name)
    app.after_request(note)
    watching = Watch(app.wsgi_app, observers)
    app.wsgi_app = watching  # type: ignore[method-assign]
    return watching


def log_request(ended: RequestRecord) -> None:
    """One line a request."""
    log.info(
        "%s %s %d, %.3f s, %d bytes%s, %s",
        ended.method,
        ended.path,
        ended.status,
        ended.seconds,
        ended.bytes,
        "" if ended.whole else ", broken off",
        ended.caller or "nobody",
        extra={
            "method": ended.method,
            "path": ended.path,
            "route": ended.route,
            "status": ended.status,
            "seconds": round(ended.seconds, 6),
            "bytes": ended.bytes,
            "whole": ended.whole,
            "caller": ended.caller,
        },
    )
