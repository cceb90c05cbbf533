"""The track as another program sees it: ffprobe where it is there, the bytes, and PyAV's decoder."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import av
import numpy as np
import pytest

from lipsync.video.frame import frame_of
from lipsync.video.writer import Mp4Writer

CUES = ((0.25, 1.2, "Привет, мир!\nКак дела?"), (2.0, 2.9, "Да <b> & {\\i1}"))


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = tmp_path / "a.mp4"
    with Mp4Writer(path, width=64, height=64, fps=25, rate=22050, subtitles="kk") as writer:
        for cue in CUES:
            writer.write_subtitle(*cue)
        writer.write_sound(np.zeros(22050 * 3, np.float32))
        frame = frame_of(np.full((64, 64, 3), 120, np.uint8))
        for _ in range(75):
            writer.write_frame(frame)
    return path


def packets(path: Path) -> list[tuple[float, float, str]]:
    """Start, end and text of each; the empty ones between them, with which a text is taken away, left out."""
    with av.open(str(path)) as container:
        (stream,) = container.streams.subtitles
        found = [(packet, bytes(packet)) for packet in container.demux(stream) if packet.size > 2]
        return [
            (float(one.pts * stream.time_base), float((one.pts + one.duration) * stream.time_base), data[2:].decode())
            for one, data in found
        ]


def test_each_subtitle_has_its_time(video: Path) -> None:
    assert packets(video) == [(start, end, text) for start, end, text in CUES]


def test_sound_and_picture_are_unchanged(video: Path) -> None:
    with av.open(str(video)) as container:
        assert sum(1 for _ in container.decode(video=0)) == 75
        assert container.streams.audio[0].duration * container.streams.audio[0].time_base == pytest.approx(
            3, abs=0.05
        )


def test_its_style_is_described_for_apple_s_players(video: Path) -> None:
    data = video.read_bytes()
    assert int.from_bytes(data[data.index(b"tx3g") - 4 :][:4], "big") > 60
    assert b"ftab" in data


@pytest.mark.system
def test_ffprobe_reads_it(video: Path) -> None:
    ffprobe = shutil.which("ffprobe")
    if ffprobe is None:
        pytest.skip("ffprobe is not installed")
    command = [ffprobe, "-v", "error", "-show_streams", "-select_streams", "s", "-of", "json", str(video)]
    (stream,) = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)["streams"]
    assert (stream["codec_name"], stream["tags"]["language"]) == ("mov_text", "kaz")


def test_a_subtitle_without_a_track_is_rejected(tmp_path: Path) -> None:
    writer = Mp4Writer(tmp_path / "a.mp4", width=64, height=64, fps=25, rate=22050)
    writer.write_subtitle(0, 1, "Да")
    with pytest.raises(ValueError, match="no subtitle track"):
        writer.close()
    assert list(tmp_path.iterdir()) == []
