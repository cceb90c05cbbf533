"""Boxes of an MP4 (ISO/IEC 14496-12): those in a buffer, and the boundaries of a file's while it is sent."""

from __future__ import annotations

from collections.abc import Iterator

FREE = b"\0\0\0\x08free"
"""An empty Free Space Box (8.1.2), which players skip."""

_HEADER = 8
"""Bytes of the size and type of a box (4.2)."""
_LARGE_HEADER = 16
"""Bytes of the size and type of a box with a 64-bit size."""


_CHILD_OFFSETS = {
    **dict.fromkeys((b"moov", b"trak", b"edts", b"mdia", b"minf", b"stbl", b"moof", b"traf"), 0),
    b"stsd": 8,
    b"avc1": 78,
    b"mp4a": 28,
}
"""Boxes that contain others, and the bytes before these (ISO/IEC 14496-12, 8.5.2 and 12; 14496-15, 5.4.2)."""


def boxes(data: bytes | bytearray, start: int = 0, end: int | None = None) -> Iterator[tuple[bytes, int, int]]:
    """Type of each complete box (4.2) in ``data[start:end]``, and where its content begins and ends in ``data``."""
    end = len(data) if end is None else end
    while start + _HEADER <= end:
        size = int.from_bytes(data[start : start + 4], "big")
        if size < _HEADER or start + size > end:
            return
        yield bytes(data[start + 4 : start + _HEADER]), start + _HEADER, start + size
        start += size


def leaves(data: bytes | bytearray, start: int = 0, end: int | None = None) -> Iterator[tuple[bytes, int, int]]:
    """Type and content, as by :func:`boxes`, of each box that holds no other boxes, however deep it lies."""
    for kind, begin, stop in boxes(data, start, end):
        if kind in _CHILD_OFFSETS:
            yield from leaves(data, begin + _CHILD_OFFSETS[kind], stop)
        else:
            yield kind, begin, stop


class BoxTracker:
    """Follows the top-level boxes of a file from its bytes in chunks of any size. Not thread-safe."""

    def __init__(self) -> None:
        self._header = b""
        self._remaining: int | None = 0
        """Remaining bytes of the current box; None if it extends to the end of the file."""
        self._type = b""

    @property
    def takes_free_box(self) -> bool:
        """Whether a ``free`` box may be inserted here.

        It may between two boxes, after the file type box (4.3: as early as possible), and not between a ``moof`` and
        its ``mdat``: the movie fragment has byte offsets from its own start to the samples (8.8.8).
        """
        return not self._header and self._remaining == 0 and self._type not in (b"", b"moof")

    def feed(self, data: bytes) -> None:
        """Process the next bytes of the file."""
        at = 0
        while at < len(data) and self._remaining is not None:
            if self._remaining:
                step = min(self._remaining, len(data) - at)
                self._remaining -= step
                at += step
                continue
            header_bytes = _LARGE_HEADER if self._header[:4] == b"\0\0\0\x01" else _HEADER
            step = min(header_bytes - len(self._header), len(data) - at)
            self._header += data[at : at + step]
            at += step
            if len(self._header) == header_bytes:
                self._start_box(self._header)

    def _start_box(self, header: bytes) -> None:
        size = int.from_bytes(header[:4], "big")
        if size == 1 and len(header) < _LARGE_HEADER:
            return  # the size itself follows
        if size == 1:
            size = int.from_bytes(header[_HEADER:], "big")
        self._type, self._header = header[4:_HEADER], b""
        # Size 0: the box extends to the end of the file. A size below that of the header is invalid: same handling.
        self._remaining = size - len(header) if size >= len(header) else None
