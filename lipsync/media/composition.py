"""The composition offsets of a finished MP4: by how much each picture is presented later than it is decoded.

Signed offsets (``ctts`` version 1, ISO/IEC 14496-12, 8.6.1.3) let the first picture be presented at 0 without an edit
list. FFmpeg's demuxer finds the largest negative offset in order to shift all decoding times, but it does not look
at the last two entries of the table (``mov_read_ctts`` in libavformat/mov.c). Where only those hold it, the decoding
time of a picture lies after its presentation, and a copy without decoding gets wrong times. That happens in videos of
a dozen frames: 1 of 108 that the puppet made of single words. Those get the older, unsigned form.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

_MAX_INDEX_BYTES = 64_000_000
"""Largest index that is read; ten minutes at 25 frames a second have 0.3 MB."""
_CONTAINERS = (b"moov", b"trak", b"edts", b"mdia", b"minf", b"stbl")
_UNCHECKED = 2
"""Entries at the end of the table that FFmpeg does not look at."""


def make_offsets_readable(path: Path) -> None:
    """Turn signed composition offsets that FFmpeg would misread into unsigned ones, in place; else change nothing.

    ``path`` is an MP4 whose index stands before its data. The pictures of a changed file are presented at the same
    times, but from 0 on only in players that honour the edit list. Raises OSError.
    """
    with path.open("r+b") as file:
        start, size = 0, 0
        while (head := file.read(8))[4:] != b"moov":
            size = int.from_bytes(head[:4], "big")
            if len(head) < 8 or size < 8:
                return
            start += size
            file.seek(start)
        size = int.from_bytes(head[:4], "big")
        if size > _MAX_INDEX_BYTES:
            return
        file.seek(start)
        index = bytearray(file.read(size))
        changed = [_make_track_readable(index, places) for places in _tracks(index)]
        if any(changed):
            file.seek(start)
            file.write(index)


def _tracks(index: bytearray) -> Iterator[dict[bytes, int]]:
    """For each track, where the content of its boxes begins, by type."""
    for kind, start, end in _boxes(index, 8, len(index)):
        if kind == b"trak":
            yield {inner: at for inner, at, _ in _leaves(index, start, end)}


def _leaves(data: bytearray, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    for kind, begin, stop in _boxes(data, start, end):
        if kind in _CONTAINERS:
            yield from _leaves(data, begin, stop)
        else:
            yield kind, begin, stop


def _boxes(data: bytearray, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Type, first byte of the content and end of each box: ISO/IEC 14496-12, 4.2."""
    while start + 8 <= end:
        size = int.from_bytes(data[start : start + 4], "big")
        if size < 8 or start + size > end:
            return
        yield bytes(data[start + 4 : start + 8]), start + 8, start + size
        start += size


def _make_track_readable(index: bytearray, places: dict[bytes, int]) -> bool:
    """Whether the offsets of the track had to be changed."""
    table, edits = places.get(b"ctts"), places.get(b"elst")
    if table is None or edits is None or index[table] != 1:
        return False
    (count,) = struct.unpack_from(">I", index, table + 4)
    entries = [struct.unpack_from(">Ii", index, table + 8 + 8 * number) for number in range(count)]
    least = min((offset for _, offset in entries), default=0)
    if least >= 0 or min((offset for _, offset in entries[:-_UNCHECKED]), default=0) == least:
        return False
    index[table] = 0
    for number, (_, offset) in enumerate(entries):
        struct.pack_into(">I", index, table + 8 + 8 * number + 4, offset - least)
    # The edit (8.6.6, version 0) begins later by as much: after the version, the number of edits and a duration.
    (begin,) = struct.unpack_from(">i", index, edits + 12)
    struct.pack_into(">i", index, edits + 12, begin - least)
    return True
