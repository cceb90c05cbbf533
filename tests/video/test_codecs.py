from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np
import pytest

from lipsync.video.codecs import bounding_mime, mime_of, read_mime
from lipsync.video.frame import frame_of
from lipsync.video.writer import Mp4Writer
from tests.helpers.mp4 import SIZE, pictures, tone


@pytest.mark.parametrize(("titles", "rate"), [("", 22050), ("en", 48000)])
def test_codecs_of_a_file_and_of_a_stream(tmp_path: Path, titles: str, rate: int) -> None:
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


def test_other_data_has_no_codecs() -> None:
    assert mime_of(b"RIFF" + bytes(100)) is None


def level(mime: str | None) -> int:
    """Times ten, as in the last two digits of the H.264 codec."""
    found = re.search(r"avc1\.6400([0-9a-f]{2}), mp4a\.40\.2", mime or "")
    assert found, mime
    return int(found[1], 16)


def test_the_file_is_read_up_to_its_index_and_no_further(tmp_path: Path) -> None:
    with Mp4Writer(tmp_path / "a.mp4", **SIZE, fps=25, rate=22050) as writer:
        writer.write_sound(tone(1))
        for frame in pictures(25):
            writer.write_frame(frame)
    data = (tmp_path / "a.mp4").read_bytes()
    end = data.index(b"mdat") - 4
    assert read_mime(io.BytesIO(data[:end])) == mime_of(data)
    assert read_mime(io.BytesIO(data[: data.index(b"moov") + 50])) is None
    for other in (b"", b"\0" * 8, b"\0\0\0\x08free", b"RIFF" + bytes(100), b"\xff\xff\xff\xffmoov"):
        assert read_mime(io.BytesIO(other)) is None


@pytest.mark.parametrize("preset", ["ultrafast", "veryfast", "slow", "veryslow"])
@pytest.mark.parametrize(
    ("width", "height", "fps"), [(64, 64, 10), (320, 240, 60), (1024, 1304, 25), (1920, 1920, 60)]
)
def test_no_video_needs_a_higher_level_than_the_bound(
    tmp_path: Path, width: int, height: int, fps: int, preset: str
) -> None:
    """What is said of a stream before its first fragment is true, whatever x264 chooses."""
    target = tmp_path / "a.mp4"
    with Mp4Writer(target, width=width, height=height, fps=fps, rate=22050, preset=preset) as writer:
        writer.write_sound(tone(0.1))
        writer.write_frame(frame_of(np.zeros((height, width, 3), np.uint8)))
    chosen = re.search(r"avc1\.(\w\w)..(\w\w)", mime_of(target.read_bytes()) or "")
    assert chosen
    assert int(chosen[1], 16) in (66, 77, 100)  # Baseline, Main and High: a decoder of High decodes them all
    assert int(chosen[2], 16) <= level(bounding_mime(max(width, height), fps, preset))


def test_the_bound_follows_the_settings() -> None:
    assert level(bounding_mime(1920, 60, "veryfast")) == 51
    assert level(bounding_mime(1024, 25, "veryfast")) == 32
    assert level(bounding_mime(100_000, 60, "placebo")) == 62, "beyond every level"
