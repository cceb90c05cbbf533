from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lipsync.media.codecs import mime_of
from lipsync.media.frame import frame_of
from lipsync.media.video import Mp4Writer
from tests.media.test_stream import pictures
from tests.media.test_video import SIZE, tone


@pytest.mark.parametrize(("titles", "rate"), [("", 22050), ("en", 48000)])
def test_what_a_stream_and_a_file_need_to_be_played(tmp_path: Path, titles: str, rate: int) -> None:
    stream, whole = tmp_path / "s.mp4", tmp_path / "a.mp4"
    with Mp4Writer(whole, **SIZE, fps=25, rate=rate, stream=stream, subtitles=titles) as writer:
        writer.write_sound(tone(1, rate))
        if titles:
            writer.write_subtitle(0, 1, "One")
        for frame in pictures(25):
            writer.write_frame(frame)
    data = stream.read_bytes()
    told = mime_of(data)
    assert told == mime_of(whole.read_bytes()) == 'video/mp4; codecs="avc1.64000a, mp4a.40.2"'
    index = data.index(b"moof") - 4
    assert mime_of(data[:index]) == told
    assert [mime_of(data[:length]) for length in (0, 7, 100, index - 1)] == [None] * 4


def test_the_level_follows_the_size(tmp_path: Path) -> None:
    with Mp4Writer(tmp_path / "a.mp4", width=1024, height=1304, fps=25, rate=22050) as writer:
        writer.write_sound(tone(0.04))
        writer.write_frame(frame_of(np.zeros((1304, 1024, 3), np.uint8)))
    assert mime_of((tmp_path / "a.mp4").read_bytes()) == 'video/mp4; codecs="avc1.640028, mp4a.40.2"'


def test_what_is_no_mp4_has_none() -> None:
    assert mime_of(b"RIFF" + bytes(100)) is None
