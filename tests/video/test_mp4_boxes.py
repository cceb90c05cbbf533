"""Where boxes may be added to an MP4 that is being sent."""

from __future__ import annotations

import pytest

from lipsync.video.fragments import FILE_TYPE
from lipsync.video.mp4_boxes import FREE, BoxTracker


def box(kind: bytes, content: bytes) -> bytes:
    return (8 + len(content)).to_bytes(4, "big") + kind + content


def large(kind: bytes, content: bytes) -> bytes:
    """With its size in 64 bits."""
    return b"\0\0\0\1" + kind + (16 + len(content)).to_bytes(8, "big") + content


STREAM = [
    FILE_TYPE,
    box(b"moov", b"m" * 30),
    box(b"moof", b"f"),
    large(b"mdat", b"moof" * 9),
    FREE,
    box(b"moof", b""),
]


@pytest.mark.parametrize("piece", [1, 3, 8, 17, 1000])
def test_free_boxes_go_between_boxes_but_not_behind_a_moof(piece: int) -> None:
    data = b"".join(STREAM)
    ends = {sum(map(len, STREAM[: n + 1])) for n, one in enumerate(STREAM) if one[4:8] != b"moof"}
    tracker = BoxTracker()
    assert not tracker.takes_free_box, "the file's type comes first"
    for at in range(0, len(data), piece):
        tracker.feed(data[at : at + piece])
        there = min(at + piece, len(data))
        assert tracker.takes_free_box == (there in ends), there


@pytest.mark.parametrize("size", [0, 3])
def test_behind_a_box_without_an_end_nothing_is_added(size: int) -> None:
    tracker = BoxTracker()
    tracker.feed(FILE_TYPE + size.to_bytes(4, "big") + b"mdat")
    for _ in range(3):
        assert not tracker.takes_free_box
        tracker.feed(b"\0" * 20)
