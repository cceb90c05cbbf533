"""The live encoder: playable from its first fragment, frame by frame, with the sound in time."""

from __future__ import annotations

import io
import re

import av
import numpy as np
import pytest

from lipsync.video.frame import Frame, frame_of
from lipsync.video.live_encoder import LiveEncoder

RATE = 22050


def encoder() -> LiveEncoder:
    return LiveEncoder(width=96, height=128, fps=25, rate=RATE, crf=23, preset="veryfast")


def picture(grey: int) -> Frame:
    return frame_of(np.full((128, 96, 3), grey, np.uint8))


def tone(seconds: float) -> np.ndarray:
    wave: np.ndarray = (0.3 * np.sin(np.arange(round(seconds * RATE)) * 0.2)).astype(np.float32)
    return wave


def pictures(data: bytes) -> list[tuple[float, float]]:
    """Time and mean luma of each frame."""
    with av.open(io.BytesIO(data), "r") as file:
        return [
            (float(frame.time or 0), float(frame.to_ndarray(format="gray").mean())) for frame in file.decode(video=0)
        ]


def sound(data: bytes) -> np.ndarray:
    with av.open(io.BytesIO(data), "r") as file:
        return np.concatenate([frame.to_ndarray()[0] for frame in file.decode(audio=0)])


def test_each_frame_and_all_the_sound_arrive() -> None:
    live = encoder()
    live.add_sound(tone(2))
    data = live.header + b"".join(live.add_frame(picture(40 + 3 * number), number) for number in range(50))
    data += live.finish()
    assert re.fullmatch(r'video/mp4; codecs="avc1\.6400[0-9a-f]{2}, mp4a\.40\.2"', live.mime)
    seen = pictures(data)
    assert [time for time, _ in seen] == pytest.approx([number / 25 for number in range(50)], abs=1e-4)
    assert [grey for _, grey in seen] == sorted(grey for _, grey in seen)
    heard = sound(data)
    assert len(heard) / RATE == pytest.approx(2, abs=0.1)
    assert np.abs(heard[RATE // 2 : RATE]).max() == pytest.approx(0.3, abs=0.05)


def test_the_first_fragment_is_complete_after_a_few_frames() -> None:
    live = encoder()
    live.add_sound(tone(1))
    data = live.header
    for number in range(5):
        data += live.add_frame(picture(100), number)
    live.abort()
    assert len(pictures(data)) >= 2


def test_frames_may_be_left_out() -> None:
    live = encoder()
    live.add_sound(tone(1))
    data = (
        live.header + b"".join(live.add_frame(picture(90), number, 2) for number in range(0, 25, 2)) + live.finish()
    )
    assert [time for time, _ in pictures(data)] == pytest.approx(
        [number / 25 for number in range(0, 25, 2)], abs=1e-4
    )


def test_sound_of_another_rate_than_aac_has_is_resampled() -> None:
    live = LiveEncoder(width=96, height=128, fps=25, rate=20_000, crf=23, preset="veryfast")
    live.add_sound(np.zeros(20_000, np.float32))
    data = live.header + b"".join(live.add_frame(picture(90), number) for number in range(25)) + live.finish()
    assert len(sound(data)) / 22_050 == pytest.approx(1, abs=0.1)
