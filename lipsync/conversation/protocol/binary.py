"""Binary messages: a header of 16 bytes, then sound or video.

A byte for the kind, one for flags (0), two zero bytes, then the number of the answer (4 bytes) and the time in the
answer's sound in microseconds (8 bytes), both unsigned and big-endian. In a message of the client, the kind is
MICROPHONE, and the rest of the header is ignored.
"""

from __future__ import annotations

import struct

MICROPHONE, SOUND, VIDEO = 1, 2, 3
"""Kinds."""
HEADER = struct.Struct(">BBHIQ")


def pack(kind: int, answer: int, seconds: float, data: bytes) -> bytes:
    """A message with ``data`` of an answer at ``seconds`` of its sound."""
    return HEADER.pack(kind, 0, 0, answer, round(seconds * 1e6)) + data


def unpack(message: bytes) -> tuple[int, int, float, bytes]:
    """Kind, answer, seconds and data of a message. Raises ValueError for one that is too short."""
    if len(message) < HEADER.size:
        raise ValueError("a binary message has a header of 16 bytes")
    kind, _, _, answer, microseconds = HEADER.unpack_from(message)
    return kind, answer, microseconds / 1e6, message[HEADER.size :]
