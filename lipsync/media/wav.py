"""WAV files: the header, and whether a file is as long as its header states."""

from __future__ import annotations

import struct
from typing import Literal

HEADER_BYTES = 44
"""Bytes before the samples in a file that :func:`wav_header` begins."""
MAX_DATA_BYTES = 0xFFFF_FFFF - HEADER_BYTES + 8
"""Most bytes of samples in a RIFF file, whose own length has 32 bits."""

_MAX_TRUE_BYTES = 1_000_000_000
"""A stated length from here on stands for an unknown one: programs that write a WAV as a stream state 0,
2,000,000,000, 0x7FFFFFFF or 0xFFFFFFFF bytes, or these with the header's bytes added or taken away."""


def wav_header(rate: int, data_bytes: int) -> bytes:
    """RIFF WAVE of one channel, 16 bits, ``rate`` samples a second, with ``data_bytes`` bytes of samples."""
    layout = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate, 2 * rate, 2, 16)
    whole = struct.pack("<4sI4s", b"RIFF", HEADER_BYTES - 8 + data_bytes, b"WAVE")
    return whole + layout + struct.pack("<4sI", b"data", data_bytes)


def is_wav(data: bytes) -> bool:
    """Whether the bytes are those of a WAV file: RIFF, or RF64 (EBU Tech 3306)."""
    return data[:4] in (b"RIFF", b"RF64") and data[8:12] == b"WAVE"


def completeness(data: bytes) -> Literal["whole", "truncated", "unknown"]:
    """Whether a WAV file has all samples that its header states; ``unknown`` where the header leaves the number open.

    A file that ends before its samples begin is ``truncated``.
    """
    at, wide = 12, None
    while at + 8 <= len(data):
        kind, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if kind == b"ds64" and at + 24 <= len(data):  # RF64: the size of the file, then that of the samples
            wide = int.from_bytes(data[at + 16 : at + 24], "little")
        at += 8
        if kind == b"data":
            if wide is not None and size == 0xFFFF_FFFF:
                size = wide
            if size == 0 or size >= _MAX_TRUE_BYTES:
                return "unknown"
            return "whole" if len(data) - at >= size else "truncated"
        at += size + size % 2  # chunks begin at even places
    return "truncated"
