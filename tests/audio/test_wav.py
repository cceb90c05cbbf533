"""Headers of WAV files, and files that are shorter than they state."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from lipsync.audio.decode import read_sound
from lipsync.audio.wav import HEADER_BYTES, completeness, is_wav, wav_header

RATE = 24000
SAMPLES = (8000 * np.sin(np.arange(RATE) / 10)).astype("<i2").tobytes()
WHOLE = wav_header(RATE, len(SAMPLES)) + SAMPLES

STREAMING = [
    (0xFFFFFFFF, 0xFFFFFFFF),
    (0x7FFFFFFF, 0x7FFFFFFF - 36),
    (0x80000023, 0x7FFFFFFF),
    (2_000_000_036, 2_000_000_000),
    (0, 0),
    (36, 0),
]


def stating(riff: int, data: int, between: bytes = b"") -> bytes:
    """The samples in a file that states other lengths, with other chunks before the samples."""
    lengths = struct.pack("<I", riff), struct.pack("<I", data)
    return b"RIFF" + lengths[0] + WHOLE[8:36] + between + b"data" + lengths[1] + SAMPLES


def rf64(stated: int) -> bytes:
    """EBU Tech 3306: the lengths have 64 bits, in a chunk of their own."""
    sizes = struct.pack("<4sIQQQI", b"ds64", 28, len(WHOLE) + 36, stated, 0, 0)
    return b"RF64\xff\xff\xff\xffWAVE" + sizes + WHOLE[12:40] + b"\xff\xff\xff\xff" + SAMPLES


def test_the_header_states_both_lengths() -> None:
    assert len(wav_header(RATE, 10)) == HEADER_BYTES
    assert is_wav(WHOLE)
    assert int.from_bytes(WHOLE[4:8], "little") == len(WHOLE) - 8
    assert int.from_bytes(WHOLE[40:44], "little") == len(SAMPLES)


LIST = b"LIST" + struct.pack("<I", 5) + b"INFOx\0"  # an odd length: one byte more


@pytest.mark.parametrize("between", [b"", LIST])
def test_a_file_is_whole_truncated_or_open(between: bytes) -> None:
    true = stating(0xFFFFFFFF, len(SAMPLES), between)
    assert completeness(true) == "whole"
    assert completeness(true + LIST) == "whole"
    begin = HEADER_BYTES + len(between)
    for length in (0, 12, 30, begin - 1, begin, len(true) // 2, len(true) - 1):
        assert completeness(true[:length]) == "truncated", length
    for riff, data in STREAMING:
        assert completeness(stating(riff, data, between)) == "unknown"
    # What is stated could be true.
    for stated in (len(SAMPLES) + 1, 10 * len(SAMPLES), 900_000_000):
        assert completeness(stating(36 + stated, stated, between)) == "truncated"


def test_rf64() -> None:
    assert is_wav(rf64(len(SAMPLES)))
    assert completeness(rf64(len(SAMPLES))) == "whole"
    assert completeness(rf64(len(SAMPLES))[:-2]) == "truncated"
    assert completeness(rf64(2**64 - 1)) == "unknown"


@pytest.mark.parametrize(("riff", "data"), STREAMING)
def test_uploads_that_leave_their_length_open_are_read_to_the_end(riff: int, data: int) -> None:
    """The reader of voice samples."""
    samples = read_sound(stating(riff, data), RATE, max_seconds=5)
    assert np.abs(samples - np.frombuffer(SAMPLES, "<i2") / 32768).max() < 1e-4
