"""The stream that grows beside a video, judged by libav (PyAV's and ffprobe's) and against the finished file."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from lipsync.errors import LipsyncError
from lipsync.video.decode import read_video
from lipsync.video.fragments import FILE_TYPE
from lipsync.video.writer import Mp4Writer
from tests.helpers.mp4 import RATE, SIZE, boxes, decoded_sound, pictures, tone, top_boxes

pytestmark = pytest.mark.slow

FADES = 2 * 1024
"""Samples at the beginning of a stream's sound that are not yet what they are in the file."""


def write(folder: Path, frames: int, sound: float, *, rate: int = RATE, fps: int = 25, titles: bool = False) -> None:
    """``sound`` seconds of a tone; a video and its stream as ``whole.mp4`` and ``stream.mp4``."""
    language = "en" if titles else ""
    stream = folder / "stream.mp4"
    with Mp4Writer(
        folder / "whole.mp4", **SIZE, fps=fps, rate=rate, subtitles=language, stream=stream, crf=30
    ) as writer:
        writer.write_sound(tone(sound, rate))
        if titles:
            writer.write_subtitle(0.2, 1.5, "One.")
            writer.write_subtitle(1.5, 2.0, "Two,\nthree.")
        for frame in pictures(frames):
            writer.write_frame(frame)


def packets(path: Path) -> dict[str, list[tuple[int | None, int | None, bytes]]]:
    """(pts, dts, data) of all packets, by track; of the subtitles those that say something.

    Between them stand empty ones, and at the end of a fragment libav adds one that lasts no time.
    """
    found: dict[str, list[tuple[int | None, int | None, bytes]]] = {}
    with av.open(str(path)) as container:
        for packet in container.demux():
            if packet.dts is not None and bytes(packet) != b"\0\0":
                found.setdefault(packet.stream.type, []).append((packet.pts, packet.dts, bytes(packet)))
    return found


def subtitles(path: Path) -> list[tuple[float, float, bytes]]:
    """From when to when each is shown, in seconds."""
    with av.open(str(path)) as container:
        shown = [packet for packet in container.demux(subtitles=0) if packet.dts is not None and packet.duration]
    return [
        (float(one.pts * one.time_base), float((one.pts + one.duration) * one.time_base), bytes(one)[2:])
        for one in shown
        if one.pts is not None and one.duration is not None and len(bytes(one)) > 2
    ]


@pytest.mark.parametrize(
    "video",
    [
        {"frames": 1, "sound": 0.04},
        {"frames": 1, "sound": 0},
        {"frames": 130, "sound": 5.2},
        {"frames": 130, "sound": 5.2, "titles": True},
        {"frames": 60, "sound": 2.0, "rate": 20000, "fps": 30},  # resampled: AAC does not know that rate
        {"frames": 30, "sound": 4.0},  # the sound goes on
        {"frames": 90, "sound": 0.5},  # the pictures do
        {"frames": 60, "sound": 0},
        {"frames": 60, "sound": 1, "fps": 60, "rate": 48000, "titles": True},
    ],
)
def test_it_has_the_packets_of_the_finished_file(tmp_path: Path, video: dict[str, Any]) -> None:
    write(tmp_path, **video)
    whole, stream = packets(tmp_path / "whole.mp4"), packets(tmp_path / "stream.mp4")

    # But for what its sound's encoder puts before the beginning.
    assert stream == {
        kind: [one for one in all_ if kind != "audio" or one[0] != -1024] for kind, all_ in whole.items()
    }
    assert len(whole["video"]) == video["frames"]
    assert len(whole.get("audio", [])) >= video["sound"] * video.get("rate", RATE) // 1024
    assert len(whole.get("subtitle", [])) == (2 if video.get("titles") else 0)
    limits = {"max_seconds": 60, "max_megapixels": 1, "max_side": 200}
    shown, same = (list(read_video(tmp_path / name, **limits)) for name in ("stream.mp4", "whole.mp4"))
    assert [time for time, _ in shown] == [time for time, _ in same]
    np.testing.assert_array_equal([picture for _, picture in shown], [picture for _, picture in same])
    if video.get("titles"):
        told = [(0.2, 1.5, b"One."), (1.5, 2.0, b"Two,\nthree.")]
        assert subtitles(tmp_path / "stream.mp4") == subtitles(tmp_path / "whole.mp4") == told
    if video["sound"]:
        heard, meant = (decoded_sound(tmp_path / name) for name in ("stream.mp4", "whole.mp4"))
        # The decoder adds noise of its own, which depends on what came before.
        np.testing.assert_allclose(heard[FADES:], meant[FADES:], atol=1e-4)


def test_the_finished_file_is_the_same_without_it(tmp_path: Path) -> None:
    write(tmp_path, 60, 2.4, titles=True)
    with Mp4Writer(tmp_path / "alone.mp4", **SIZE, fps=25, rate=RATE, subtitles="en", crf=30) as writer:
        writer.write_sound(tone(2.4))
        writer.write_subtitle(0.2, 1.5, "One.")
        writer.write_subtitle(1.5, 2.0, "Two,\nthree.")
        for frame in pictures(60):
            writer.write_frame(frame)
    assert (tmp_path / "alone.mp4").read_bytes() == (tmp_path / "whole.mp4").read_bytes()


@pytest.mark.system
@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
@pytest.mark.parametrize("titles", [False, True])
def test_ffmpeg_decodes_it_as_it_does_the_file(tmp_path: Path, titles: bool) -> None:
    write(tmp_path, 130, 5.2, titles=titles)

    def decoded(name: str, *kind: str) -> bytes:
        command = ["ffmpeg", "-v", "warning", "-copyts", "-i", str(tmp_path / name), *kind, "-"]
        run = subprocess.run(command, capture_output=True, check=True)
        assert run.stderr == b""
        return run.stdout

    pictures = ("-map", "0:v", "-f", "framehash")
    assert decoded("stream.mp4", *pictures) == decoded("whole.mp4", *pictures)
    sound = ("-map", "0:a", "-f", "s16le")
    whole, stream = decoded("whole.mp4", *sound), decoded("stream.mp4", *sound)
    # Where the sound ends inside of its last frame is written in the file's index; the stream's came too early.
    assert stream[2 * FADES :].startswith(whole[2 * FADES :])
    assert len(stream) - len(whole) < 2 * 1024
    command = ["ffprobe", "-v", "warning", "-show_streams", "-of", "json", str(tmp_path / "stream.mp4")]
    run = subprocess.run(command, capture_output=True, check=True)
    assert run.stderr == b""
    tracks = json.loads(run.stdout)["streams"]
    assert [one["codec_name"] for one in tracks] == ["h264", "aac", *(["mov_text"] if titles else [])]
    assert (tracks[0]["color_space"], tracks[0]["color_range"], tracks[0]["r_frame_rate"]) == ("bt709", "tv", "25/1")
    if titles:
        assert tracks[2]["tags"]["language"] == "eng"


@pytest.mark.parametrize("titles", [False, True])
def test_every_fragment_is_short_and_has_sound_beside_its_pictures(tmp_path: Path, titles: bool) -> None:
    write(tmp_path, 250, 10.0, titles=titles)
    data = (tmp_path / "stream.mp4").read_bytes()
    assert boxes(data)[:2] == ["ftyp", "moov"]
    assert top_boxes(data)[0] == FILE_TYPE, "what is sent before there is a stream"
    assert set(boxes(data)[2:]) == {"moof", "mdat"}, "nothing that holds places in the file"

    tails = {"video": 0.0, "audio": 0.0}
    longest = apart = 0.0
    for part in _fragments(data):
        (tmp_path / "part.mp4").write_bytes(part)
        before = dict(tails)
        with av.open(str(tmp_path / "part.mp4")) as container:
            for packet in container.demux(video=0, audio=0):
                if packet.dts is not None:
                    end = float((packet.dts + (packet.duration or 0)) * packet.time_base)
                    tails[packet.stream.type] = max(tails[packet.stream.type], end)
        longest = max(longest, tails["video"] - before["video"])
        apart = max(apart, abs(tails["video"] - tails["audio"]))
    assert 0.2 < longest < 0.5
    assert apart < 0.2  # two frames of video that are decoded before they are shown, one of sound


def _fragments(data: bytes) -> Iterator[bytes]:
    """The beginning with one fragment more, one after another."""
    at = 0
    for box in top_boxes(data):
        at += len(box)
        if box[4:8] == b"mdat":
            yield data[:at]


def test_nothing_in_it_lies_before_its_beginning(tmp_path: Path) -> None:
    """Firefox would take it for a leap in time, and play no pictures until the next key frame."""
    write(tmp_path, 60, 2.4)
    starts = {
        kind: min(pts for pts, _, _ in all_ if pts is not None)
        for kind, all_ in packets(tmp_path / "stream.mp4").items()
    }
    assert starts == {"video": 0, "audio": 0}


def test_it_grows_by_whole_fragments_from_early_on(tmp_path: Path) -> None:
    stream, seen = tmp_path / "stream.mp4", []
    with Mp4Writer(tmp_path / "whole.mp4", **SIZE, fps=25, rate=RATE, stream=stream) as writer:
        assert stream.read_bytes() == b""
        for number, frame in enumerate(pictures(100)):
            writer.write_sound(tone(0.04))
            writer.write_frame(frame)
            if number == 40:  # four may wait in the writer's queue, and x264 looks a few ahead
                seen = boxes(stream.read_bytes())
        assert not (tmp_path / "whole.mp4").exists()
    assert seen[:4] == ["ftyp", "moov", "moof", "mdat"]
    assert seen[-1] == "mdat"
    assert seen.count("moof") >= 3
    assert boxes(stream.read_bytes()).count("moof") >= 16


@pytest.mark.parametrize("end", [Mp4Writer.abort, lambda writer: writer.__exit__(KeyboardInterrupt, None, None)])
def test_the_stream_remains_when_the_video_is_aborted(tmp_path: Path, end: Callable[[Mp4Writer], None]) -> None:
    stream = tmp_path / "stream.mp4"
    writer = Mp4Writer(tmp_path / "whole.mp4", **SIZE, fps=25, rate=RATE, stream=stream)
    writer.write_sound(tone(4))
    for frame in pictures(60):
        writer.write_frame(frame)
    with stream.open("rb") as reader:
        before = reader.read()
        end(writer)
        after = before + reader.read()
    assert [path.name for path in tmp_path.iterdir()] == ["stream.mp4"]
    assert stream.read_bytes() == after
    assert boxes(after)[-1] == "mdat"  # no end is feigned
    with av.open(str(stream)) as container:
        assert sum(1 for _ in container.decode(video=0)) > 20


def test_an_unwritable_stream_is_reported_at_once(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "missing" / "stream.mp4"):
        with pytest.raises(LipsyncError) as caught:
            Mp4Writer(tmp_path / "a.mp4", **SIZE, fps=25, rate=RATE, stream=place)
        assert caught.value.code == "cannot_write"
        assert str(place) in caught.value.message("en")
        assert list(tmp_path.iterdir()) == []


FULL = """
import sys
from pathlib import Path
import numpy as np
from lipsync.errors import LipsyncError
from lipsync.video.frame import frame_of
from lipsync.video.writer import Mp4Writer
noise = np.random.default_rng(0)
try:
    with Mp4Writer(Path(sys.argv[1]), width=256, height=256, fps=25, rate=22050, stream=Path("/dev/full")) as writer:
        for number in range(int(sys.argv[2])):
            writer.write_sound(np.zeros(882, np.float32))
            writer.write_frame(frame_of(noise.integers(0, 256, (256, 256, 3), np.uint8)))
except LipsyncError as error:
    print(error.code, error.facts["place"], error.facts["reason"], number < 100)
"""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("frames", [3, 200])  # found at the end, and on the way
def test_a_full_disk_is_reported(tmp_path: Path, frames: int) -> None:
    command = [sys.executable, "-c", FULL, str(tmp_path / "a.mp4"), str(frames)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=100, check=True)
    assert run.stdout.strip() == "cannot_write /dev/full No space left on device True"
    assert run.stderr == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("seconds", [0.04, 0.2, 7.77])
def test_its_length_is_the_sounds(tmp_path: Path, seconds: float) -> None:
    write(tmp_path, math.ceil(seconds * 25), seconds)
    sound = decoded_sound(tmp_path / "stream.mp4")
    assert len(sound) == pytest.approx(seconds * RATE, abs=1024)
