"""WAV files: writing the header, and checking whether a file is as long as its header states."""

from __future__ import annotations

import struct
from typing import Literal

HEADER_BYTES = 44
"""Size of the header written by :func:`wav_header`."""
MAX_DATA_BYTES = 0xFFFF_FFFF - HEADER_BYTES + 8
"""Maximum bytes of samples in a RIFF file, whose length field has 32 bits."""

_MAX_PLAUSIBLE_BYTES = 1_000_000_000
"""A stated length of at least this means an unknown one: programs that stream a WAV state 0, 2,000,000,000,
0x7FFFFFFF or 0xFFFFFFFF bytes, or these plus or minus the size of the header."""


def wav_header(rate: int, data_bytes: int) -> bytes:
    """Header of a RIFF WAVE file: one channel, 16 bits, ``rate`` Hz, ``data_bytes`` bytes of samples."""
    layout = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate, 2 * rate, 2, 16)
    whole = struct.pack("<4sI4s", b"RIFF", HEADER_BYTES - 8 + data_bytes, b"WAVE")
    return whole + layout + struct.pack("<4sI", b"data", data_bytes)


def is_wav(data: bytes) -> bool:
    """Whether ``data`` begins like a WAV file: RIFF, or RF64 (EBU Tech 3306)."""
    return data[:4] in (b"RIFF", b"RF64") and data[8:12] == b"WAVE"


def completeness(data: bytes) -> Literal["whole", "truncated", "unknown"]:
    """Whether a WAV file has all samples that its header states; ``unknown`` if the header states no length.

    A file that ends before its samples begin is ``truncated``.
    """
    at, size_64 = 12, None
    while at + 8 <= len(data):
        kind, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if kind == b"ds64" and at + 24 <= len(data):  # RF64: the size of the file, then that of the samples
            size_64 = int.from_bytes(data[at + 16 : at + 24], "little")
        at += 8
        if kind == b"data":
            if size_64 is not None and size == 0xFFFF_FFFF:
                size = size_64
            if size == 0 or size >= _MAX_PLAUSIBLE_BYTES:
                return "unknown"
            return "whole" if len(data) - at >= size else "truncated"
        at += size + size % 2  # chunks begin at even offsets
    return "truncated"
