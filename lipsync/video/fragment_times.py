"""Moves the fragments of an MP4 in time, so that one film can follow another (ISO/IEC 14496-12, 8.8)."""

from __future__ import annotations

import struct

from lipsync.video.mp4_boxes import boxes, leaves


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
        for kind, at, _ in leaves(data):
            if kind == b"mfhd":  # 8.8.5: version and flags, then the number
                _add(data, at + 4, ">I", self._number)
            elif kind == b"tfhd":  # 8.8.7: version and flags, then the track
                (track,) = struct.unpack_from(">I", data, at + 4)
            elif kind == b"tfdt":  # 8.8.12: version and flags, then the time of the first sample
                _add(data, at + 4, ">Q" if data[at] == 1 else ">I", self._times[track])
        return bytes(data)


def count_fragments(data: bytes) -> int:
    """Return the number of fragments in ``data``."""
    return sum(kind == b"moof" for kind, _, _ in boxes(data))


def _timescales(header: bytes) -> dict[int, int]:
    """Units a second of each track, by its number."""
    scales: dict[int, int] = {}
    track = 0
    for kind, at, _ in leaves(header):
        is_long = at < len(header) and header[at] == 1  # version 1 has two times of 8 bytes before the field, 0 of 4
        if kind == b"tkhd":  # 8.3.2
            (track,) = struct.unpack_from(">I", header, at + (20 if is_long else 12))
        elif kind == b"mdhd":  # 8.4.2
            (scales[track],) = struct.unpack_from(">I", header, at + (20 if is_long else 12))
    return scales


def _add(data: bytearray, at: int, form: str, number: int) -> None:
    (value,) = struct.unpack_from(form, data, at)
    struct.pack_into(form, data, at, value + number)
