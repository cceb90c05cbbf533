"""Moves the fragments of an MP4 in time, so that one film can follow another (ISO/IEC 14496-12, 8.8)."""

from __future__ import annotations

import struct
from collections.abc import Iterator

_HEADER_BYTES = 8
_CONTAINERS = (b"moov", b"trak", b"mdia", b"moof", b"traf")


class FragmentShifter:
    """Moves the fragments of one film to a later time, and numbers them after those of the film before."""

    def __init__(self, header: bytes, seconds: float, number: int) -> None:
        """``header`` is the initialization segment of the film; ``seconds`` are added to its times and ``number`` to
        the numbers of its fragments."""
        self._times = {track: round(seconds * scale) for track, scale in _timescales(header).items()}
        self._number = number

    def shift(self, fragments: bytes) -> bytes:
        """Whole fragments of the film, moved."""
        data = bytearray(fragments)
        track = 0
        for kind, at in _leaves(data, 0, len(data)):
            if kind == b"mfhd":  # 8.8.5: version and flags, then the number
                _add(data, at + 4, ">I", self._number)
            elif kind == b"tfhd":  # 8.8.7: version and flags, then the track
                (track,) = struct.unpack_from(">I", data, at + 4)
            elif kind == b"tfdt":  # 8.8.12: version and flags, then the time of the first sample
                _add(data, at + 4, ">Q" if data[at] == 1 else ">I", self._times[track])
        return bytes(data)


def count_fragments(data: bytes) -> int:
    """Return the number of fragments in ``data``."""
    return sum(kind == b"moof" for kind, _, _ in _boxes(bytearray(data), 0, len(data)))


def _timescales(header: bytes) -> dict[int, int]:
    """Units a second of each track, by its number."""
    scales: dict[int, int] = {}
    track, data = 0, bytearray(header)
    for kind, at in _leaves(data, 0, len(data)):
        is_long = at < len(data) and data[at] == 1  # version 1 has two times of 8 bytes before the field, 0 of 4
        if kind == b"tkhd":  # 8.3.2
            (track,) = struct.unpack_from(">I", data, at + (20 if is_long else 12))
        elif kind == b"mdhd":  # 8.4.2
            (scales[track],) = struct.unpack_from(">I", data, at + (20 if is_long else 12))
    return scales


def _add(data: bytearray, at: int, form: str, number: int) -> None:
    (value,) = struct.unpack_from(form, data, at)
    struct.pack_into(form, data, at, value + number)


def _leaves(data: bytearray, start: int, end: int) -> Iterator[tuple[bytes, int]]:
    """Type of each box that contains no others, and the offset of its content."""
    for kind, begin, stop in _boxes(data, start, end):
        if kind in _CONTAINERS:
            yield from _leaves(data, begin, stop)
        else:
            yield kind, begin


def _boxes(data: bytearray, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Type, offset of the content, and end of each box (4.2)."""
    while start + _HEADER_BYTES <= end:
        size = int.from_bytes(data[start : start + 4], "big")
        if size < _HEADER_BYTES or start + size > end:
            return
        yield bytes(data[start + 4 : start + 8]), start + _HEADER_BYTES, start + size
        start += size
