"""Composition offsets of a finished MP4: the presentation time of each picture minus its decoding time.

Signed offsets (``ctts`` version 1, ISO/IEC 14496-12, 8.6.1.3) let the first picture be presented at 0 without an edit
list. FFmpeg's demuxer shifts all decoding times by the most negative offset, but ignores the last two entries of the
table (``mov_read_ctts`` in libavformat/mov.c). If only those have it, the decoding time of a picture lies after its
presentation time, and stream copies get wrong times. It occurs in videos of a dozen frames: 1 of 108 rendered by the
puppet from single words. Those videos get the older, unsigned form.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

from lipsync.video.mp4_boxes import boxes, leaves

_MAX_INDEX_BYTES = 64_000_000
"""Maximum size of the index; ten minutes at 25 frames per second have 0.3 MB."""
_UNCHECKED = 2
"""Number of entries at the end of the table that FFmpeg ignores."""


def make_offsets_readable(path: Path) -> None:
    """Rewrite signed composition offsets that FFmpeg would misread as unsigned ones, in place; else change nothing.

    ``path`` is an MP4 with its index before its data. In a changed file the pictures are presented at the same times,
    but start at 0 only in players that honour the edit list. Raises OSError.
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
    """For each track, the offset of the content of its boxes by type."""
    for kind, start, end in boxes(index, 8, len(index)):
        if kind == b"trak":
            yield {inner: at for inner, at, _ in leaves(index, start, end)}


def _make_track_readable(index: bytearray, places: dict[bytes, int]) -> bool:
    """Rewrite the offsets of one track if necessary; return whether they were changed."""
    table, edits = places.get(b"ctts"), places.get(b"elst")
    if table is None or edits is None or index[table] != 1:
        return False
    (count,) = struct.unpack_from(">I", index, table + 4)
    entries = [struct.unpack_from(">Ii", index, table + 8 + 8 * number) for number in range(count)]
    smallest = min((offset for _, offset in entries), default=0)
    if smallest >= 0 or min((offset for _, offset in entries[:-_UNCHECKED]), default=0) == smallest:
        return False
    index[table] = 0
    for number, (_, offset) in enumerate(entries):
        struct.pack_into(">I", index, table + 8 + 8 * number + 4, offset - smallest)
    # The edit (8.6.6, version 0) starts later by the same amount; it follows the version, the count and a duration.
    (begin,) = struct.unpack_from(">i", index, edits + 12)
    struct.pack_into(">i", index, edits + 12, begin - smallest)
    return True
