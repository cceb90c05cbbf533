"""One call of the WSGI application, step by step."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any
from wsgiref.util import FileWrapper

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

_BLOCK_BYTES = 262_144
"""An answer of known length is sent in blocks of about this size."""


class FileBlocks(FileWrapper):
    """``wsgi.file_wrapper``: a file in large blocks, whatever block size the caller asks for."""

    def __init__(self, filelike: Any, _block_size: int = 0) -> None:
        super().__init__(filelike, _BLOCK_BYTES)


class WsgiCall:
    """One call of the WSGI application; its methods run in a thread, one at a time."""

    def __init__(self, app: WSGIApplication, environ: WSGIEnvironment) -> None:
        self._app, self._environ = app, environ
        self.status = 0
        """0 before the application has begun its answer."""
        self.headers: list[tuple[bytes, bytes]] = []
        self.is_closed = self.is_running = False
        self._has_length = False
        self._body: Iterable[bytes] = ()
        self._pieces: Iterator[bytes] = iter(())
        self._written: list[bytes] = []

    def begin(self) -> tuple[bytes, bool]:
        """Call the application: the first piece of its answer, and whether it is the last."""
        self.is_running = True
        try:
            self._body = self._app(self._environ, self._start)
            self._pieces = iter(self._body)
            return self._take()
        finally:
            self.is_running = False

    def next_piece(self) -> tuple[bytes, bool]:
        """As :meth:`begin`. An empty piece: the application waits, see :class:`Pause`."""
        self.is_running = True
        try:
            return self._take()
        finally:
            self.is_running = False

    def whole(self) -> bytes:
        """Call the application: its whole answer."""
        try:
            piece, ended = self.begin()
            pieces = [piece]
            while not ended:
                piece, ended = self.next_piece()
                pieces.append(piece)
            return b"".join(pieces)
        finally:
            self.close()

    def close(self) -> None:
        """Tell the application that its answer is over. A second call does nothing."""
        if not self.is_closed:
            self.is_closed = True
            if hasattr(self._body, "close"):
                self._body.close()

    def _take(self) -> tuple[bytes, bool]:
        taken: list[bytes] = []
        size = 0
        while size < _BLOCK_BYTES:
            piece = next(self._pieces, None)
            taken += self._written
            self._written.clear()
            if piece is None:
                self.close()
                return b"".join(taken), True
            taken.append(piece)
            size += len(piece)
            if not self._has_length:  # a stream: each piece goes out as soon as it is made
                break
        return b"".join(taken), False

    def _start(
        self, status: str, headers: list[tuple[str, str]], _exc_info: object = None, /
    ) -> Callable[[bytes], object]:
        self.status = int(status[:3])
        pairs = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        self.headers = [pair for pair in pairs if pair[0] != b"date"]  # the server sends its own
        self._has_length = any(name == b"content-length" for name, _ in self.headers)
        return self._written.append
