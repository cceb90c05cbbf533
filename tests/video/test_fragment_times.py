"""Fragments of a film are moved in time, so that it can follow another one."""

from __future__ import annotations

import io

import av
import numpy as np
import pytest

from lipsync.video.fragment_times import FragmentShifter, count_fragments
from lipsync.video.frame import frame_of
from lipsync.video.live_encoder import LiveEncoder

RATE = 22050


def film(frames: int) -> tuple[bytes, bytes]:
    """Header and fragments."""
    encoder = LiveEncoder(width=96, height=128, fps=25, rate=RATE, crf=30, preset="ultrafast")
    encoder.add_sound(np.zeros(frames * RATE // 25, np.float32))
    picture = frame_of(np.full((128, 96, 3), 90, np.uint8))
    fragments = b"".join(encoder.add_frame(picture, index) for index in range(frames))
    return encoder.header, fragments + encoder.finish()


def times(data: bytes) -> dict[str, list[float]]:
    with av.open(io.BytesIO(data), "r") as file:
        packets = [(packet.stream.type, packet) for packet in file.demux() if packet.pts is not None]
        return {kind: [float(p.pts * p.time_base) for other, p in packets if other == kind] for kind, _ in packets}


def test_both_tracks_are_moved_by_the_same_time() -> None:
    header, fragments = film(25)
    before = times(header + fragments)
    after = times(header + FragmentShifter(header, 1.24, 0).shift(fragments))
    assert after.keys() == before.keys() == {"video", "audio"}
    for kind, moved in after.items():
        assert moved == pytest.approx([time + 1.24 for time in before[kind]], abs=1 / RATE)


def test_the_numbers_follow_those_of_the_film_before() -> None:
    header, fragments = film(25)
    count = count_fragments(fragments)
    assert count > 3
    moved = FragmentShifter(header, 1.0, count).shift(fragments)
    assert len(moved) == len(fragments)
    numbers = [
        int.from_bytes(data[at + 8 : at + 12], "big")
        for data in (fragments, moved)
        for at in range(len(data))
        if data[at : at + 4] == b"mfhd"
    ]
    assert numbers == list(range(1, 2 * count + 1))
