"""Where boxes may be added to an MP4 that is being sent (ISO/IEC 14496-12)."""

from __future__ import annotations

FREE = b"\0\0\0\x08free"
"""An empty Free Space Box (8.1.2), which every player skips."""

_HEADER = 8
"""Bytes of a box's size and type (4.2)."""
_LARGE_HEADER = 16
"""The same where the size is written in 64 bits."""


class BoxTracker:
    """Follows the top-level boxes of a file while its bytes pass, in pieces of any size. For one thread."""

    def __init__(self) -> None:
        self._header = b""
        self._left: int | None = 0
        """Bytes of the present box that are still to come; None: all that come belong to it."""
        self._type = b""

    @property
    def takes_free_box(self) -> bool:
        """Whether a ``free`` box may follow now.

        That is between two boxes, after the file's type (4.3: as early as possible), and not between a ``moof`` and
        its ``mdat``: the movie fragment counts the bytes from its own beginning to the samples (8.8.8).
        """
        return not self._header and self._left == 0 and self._type not in (b"", b"moof")

    def feed(self, data: bytes) -> None:
        """The next bytes of the file."""
        at = 0
        while at < len(data) and self._left is not None:
            if self._left:
                step = min(self._left, len(data) - at)
                self._left -= step
                at += step
                continue
            wanted = _LARGE_HEADER if self._header[:4] == b"\0\0\0\x01" else _HEADER
            step = min(wanted - len(self._header), len(data) - at)
            self._header += data[at : at + step]
            at += step
            if len(self._header) == wanted:
                self._open(self._header)

    def _open(self, header: bytes) -> None:
        size = int.from_bytes(header[:4], "big")
        if size == 1 and len(header) < _LARGE_HEADER:
            return  # the size itself follows
        if size == 1:
            size = int.from_bytes(header[_HEADER:], "big")
        self._type, self._header = header[4:_HEADER], b""
        # 0: the box reaches to the end of the file. A size below the header's is broken: the end is unknown.
        self._left = size - len(header) if size >= len(header) else None
