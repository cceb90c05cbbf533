"""The writer of videos, judged by PyAV's decoder and by ffprobe where there is one."""

from __future__ import annotations

import json
import math
import resource
import shutil
import subprocess
import sys
import threading
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from lipsync.errors import LipsyncError
from lipsync.storage import atomic as part
from lipsync.video.encode import _deterministic_x264_parameters, aac_rate
from lipsync.video.frame import Frame, frame_of, picture_of
from lipsync.video.writer import Mp4Writer
from tests.helpers.mp4 import RATE, SIZE, boxes, decoded_sound, tone


def flat(colour: tuple[int, int, int] = (200, 120, 90)) -> Frame:
    return frame_of(np.full((SIZE["height"], SIZE["width"], 3), colour, np.uint8))


def write(path: Path, seconds: float, fps: int = 25, rate: int = RATE) -> int:
    frames = math.ceil(round(seconds * rate) * fps / rate)
    with Mp4Writer(path, **SIZE, fps=fps, rate=rate) as writer:
        writer.write_sound(tone(seconds, rate))
        for _ in range(frames):
            writer.write_frame(flat())
    return frames


@pytest.mark.parametrize("fps", [25, 30, 50])
@pytest.mark.parametrize("seconds", [0.05, 0.19, 0.2, 1.0, 7.77])
def test_frames_are_the_sound_rounded_up_at_a_constant_rate_from_zero(
    tmp_path: Path, seconds: float, fps: int
) -> None:
    path = tmp_path / "a.mp4"
    frames = write(path, seconds, fps)

    assert frames == math.ceil(seconds * fps - 1e-3)
    with av.open(str(path)) as container:
        video, sound = container.streams.video[0], container.streams.audio[0]
        assert video.start_time == 0
        assert sound.start_time == 0
        assert float(video.duration * video.time_base) == pytest.approx(frames / fps, abs=1e-6)
        assert float(sound.duration * sound.time_base) == pytest.approx(seconds, abs=1 / RATE + 1e-6)
        assert video.average_rate == fps
        times = [frame.pts * frame.time_base for frame in container.decode(video=0)]
    assert times == [Fraction(i, fps) for i in range(frames)]


@pytest.mark.system
@pytest.mark.skipif(shutil.which("ffprobe") is None, reason="ffprobe is not installed")
@pytest.mark.parametrize("seconds", [0.05, 0.19, 0.2, 1.0, 7.77])
def test_ffprobe_agrees(tmp_path: Path, seconds: float) -> None:
    path = tmp_path / "a.mp4"
    frames = write(path, seconds)

    run = subprocess.run(
        ["ffprobe", "-v", "warning", "-count_frames", "-show_streams", "-show_format", "-of", "json", str(path)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stderr == ""
    facts = json.loads(run.stdout)
    video, sound = facts["streams"]
    assert (video["codec_name"], video["profile"], video["pix_fmt"]) == ("h264", "High", "yuv420p")
    assert (video["color_range"], video["color_space"]) == ("tv", "bt709")
    assert (video["color_transfer"], video["color_primaries"]) == ("bt709", "bt709")
    assert int(video["nb_read_frames"]) == int(video["nb_frames"]) == frames
    assert video["r_frame_rate"] == video["avg_frame_rate"] == "25/1"
    assert (sound["codec_name"], sound["profile"], sound["channels"]) == ("aac", "LC", 1)
    assert float(video["start_time"]) == float(sound["start_time"]) == float(facts["format"]["start_time"]) == 0
    assert float(facts["format"]["duration"]) == pytest.approx(frames / 25, abs=1e-3)


def test_the_index_stands_before_the_data_and_a_keyframe_every_two_seconds(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    write(path, 7.0)

    order = boxes(path.read_bytes())
    assert order.index("moov") < order.index("mdat")
    with av.open(str(path)) as container:
        keys = [float(p.pts * p.time_base) for p in container.demux(video=0) if p.is_keyframe and p.pts is not None]
    assert keys == [0, 2, 4, 6]


@pytest.mark.slow
def test_sound_stands_beside_its_frames_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    with Mp4Writer(path, **SIZE, fps=25, rate=RATE) as writer:
        writer.write_sound(tone(30))
        for _ in range(750):
            writer.write_frame(flat())

    ahead = 0.0
    with av.open(str(path)) as container:
        reached = {"video": 0.0, "audio": 0.0}
        for packet in container.demux():
            if packet.dts is not None:
                reached[packet.stream.type] = float(packet.dts * packet.time_base)
                ahead = max(ahead, abs(reached["video"] - reached["audio"]))
    assert ahead < 1.5


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (200, 120, 90), (30, 60, 200), (128, 128, 128)])
def test_a_flat_colour_comes_back(tmp_path: Path, colour: tuple[int, int, int]) -> None:
    path = tmp_path / "a.mp4"
    with Mp4Writer(path, **SIZE, fps=25, rate=RATE) as writer:
        for _ in range(10):
            writer.write_frame(flat(colour))

    with av.open(str(path)) as container:
        decoded = list(container.decode(video=0))
        assert len(decoded) == 10
        for frame in decoded:
            planes = frame.reformat(format="nv12").to_ndarray()
            height, width = frame.height, frame.width
            picture = picture_of(Frame(planes[:height], planes[height:].reshape(height // 2, width // 2, 2)))
            assert np.abs(picture.astype(int) - colour).max() <= 3


def test_sizes_that_libav_pads_come_back_unskewed(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    picture = np.zeros((70, 102, 3), np.uint8)  # neither a multiple of 16 nor of 32
    picture[:, 51:] = 255
    with Mp4Writer(path, width=102, height=70, fps=25, rate=RATE) as writer:
        writer.write_frame(frame_of(picture))

    with av.open(str(path)) as container:
        luma = next(container.decode(video=0)).to_ndarray()[:70].astype(int)
    assert (luma[:, :48] < 40).all()
    assert (luma[:, 56:] > 215).all()


@pytest.mark.parametrize("rate", [8000, 10000, 16000, 22050, 24000, 44100, 48000, 192000])
def test_sound_of_any_rate_is_heard_in_time(tmp_path: Path, rate: int) -> None:
    path = tmp_path / "a.mp4"
    written = np.zeros(rate, np.float32)
    written[rate // 2 : rate // 2 + rate // 20] = tone(0.05, rate)
    with Mp4Writer(path, **SIZE, fps=25, rate=rate) as writer:
        writer.write_sound(written)
        for _ in range(25):
            writer.write_frame(flat())

    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        assert stream.rate == aac_rate(rate)
        assert float(stream.duration * stream.time_base) == pytest.approx(1.0, abs=2e-3)
    heard = np.abs(decoded_sound(path)) > 0.2
    first = int(np.argmax(heard)) / aac_rate(rate)
    assert first == pytest.approx(0.5, abs=0.01)


def test_bad_samples_are_mended(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    samples = tone(1.0) * 40
    samples[1000:1100] = np.nan
    samples[2000] = np.inf
    samples[3000] = -np.inf
    kept = samples.copy()
    with Mp4Writer(path, **SIZE, fps=25, rate=RATE) as writer:
        writer.write_sound(samples)
        for _ in range(25):
            writer.write_frame(flat())

    np.testing.assert_array_equal(samples, kept)  # the caller's own array is left as it was
    sound = decoded_sound(path)
    assert np.isfinite(sound).all()
    assert 0.5 < np.abs(sound).max() < 1.6


def test_many_small_sounds_are_one_long_sound(tmp_path: Path) -> None:
    whole, parts = tmp_path / "whole.mp4", tmp_path / "parts.mp4"
    samples = tone(2.0)
    for path, pieces in ((whole, [samples]), (parts, np.array_split(samples, 97))):
        with Mp4Writer(path, **SIZE, fps=25, rate=RATE) as writer:
            for piece in pieces:
                writer.write_sound(piece)
            writer.write_sound(np.zeros(0, np.float32))
            for _ in range(50):
                writer.write_frame(flat())
            assert (writer.samples, writer.frames) == (len(samples), 50)
    np.testing.assert_array_equal(decoded_sound(whole), decoded_sound(parts))


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    write(tmp_path / "a.mp4", 1.0)
    write(tmp_path / "b.mp4", 1.0)

    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


def test_the_file_appears_only_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "clip: №1 50%.mp4"
    path.write_bytes(b"the old one")
    writer = Mp4Writer(path, **SIZE, fps=25, rate=RATE)
    for _ in range(50):
        writer.write_frame(flat())
    assert path.read_bytes() == b"the old one"
    writer.close()
    writer.close()

    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]
    with av.open(f"file:{path}") as container:
        assert container.streams.video[0].frames == 50


def test_an_exception_leaves_no_file_and_no_thread(tmp_path: Path) -> None:
    before = threading.active_count()

    def interrupted() -> None:
        with Mp4Writer(tmp_path / "a.mp4", **SIZE, fps=25, rate=RATE) as writer:
            writer.write_sound(tone(1.0))
            writer.write_frame(flat())
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(tmp_path.iterdir()) == []
    assert threading.active_count() == before


def test_abort_leaves_no_file_even_before_the_first_frame(tmp_path: Path) -> None:
    writer = Mp4Writer(tmp_path / "a.mp4", **SIZE, fps=25, rate=RATE)
    writer.abort()
    writer.abort()

    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ValueError, match="closed"):
        writer.write_frame(flat())


@pytest.mark.parametrize("place", ["missing/a.mp4", "folder"])
def test_an_unwritable_target_is_reported_at_once(tmp_path: Path, place: str) -> None:
    (tmp_path / "folder").mkdir()

    with pytest.raises(LipsyncError) as caught:
        Mp4Writer(tmp_path / place, **SIZE, fps=25, rate=RATE)
    assert caught.value.code == "cannot_write"
    assert str(tmp_path / place) in caught.value.message("en")
    assert [entry.name for entry in tmp_path.iterdir()] == ["folder"]


FULL_DISK = """
import resource, sys
from pathlib import Path
import numpy as np
from lipsync.errors import LipsyncError
from lipsync.video.frame import frame_of
from lipsync.video.writer import Mp4Writer
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
noise = np.random.default_rng(0)
try:
    with Mp4Writer(Path(sys.argv[1]), width=256, height=256, fps=25, rate=22050) as writer:
        for _ in range(int(sys.argv[2])):
            writer.write_frame(frame_of(noise.integers(0, 256, (256, 256, 3), np.uint8)))
except LipsyncError as error:
    print(error.code, error.facts["reason"])
"""


@pytest.mark.slow
@pytest.mark.parametrize("frames", [9, 200])  # the limit is met at the end, and on the way
def test_a_full_disk_is_reported_and_leaves_no_file(tmp_path: Path, frames: int) -> None:
    run = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path / "a.mp4"), str(frames)],
        capture_output=True,
        text=True,
        timeout=100,
        check=True,
    )
    assert run.stdout.strip() == "cannot_write File too large"
    assert run.stderr == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("width", "height"), [(95, 128), (96, 127), (0, 128)])
def test_odd_sizes_are_refused(tmp_path: Path, width: int, height: int) -> None:
    with pytest.raises(ValueError, match="even"):
        Mp4Writer(tmp_path / "a.mp4", width=width, height=height, fps=25, rate=RATE)


def test_wrong_shapes_are_refused(tmp_path: Path) -> None:
    with Mp4Writer(tmp_path / "a.mp4", **SIZE, fps=25, rate=RATE) as writer:
        writer.write_frame(flat())
        with pytest.raises(ValueError, match="a frame of"):
            writer.write_frame(frame_of(np.zeros((64, 64, 3), np.uint8)))
        with pytest.raises(ValueError, match="one-dimensional"):
            writer.write_sound(np.zeros((10, 2), np.float32))


@pytest.mark.slow
def test_memory_does_not_grow_with_length(tmp_path: Path) -> None:
    def peak() -> float:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

    picture = np.random.default_rng(0).integers(0, 256, (256, 256, 3), np.uint8)

    def clip(seconds: int) -> None:
        with Mp4Writer(tmp_path / "a.mp4", width=256, height=256, fps=25, rate=RATE) as writer:
            for _ in range(seconds):
                writer.write_sound(tone(1.0))
                for shift in range(25):
                    writer.write_frame(frame_of(np.roll(picture, shift, 1)))

    clip(4)
    short = peak()
    clip(40)  # 1000 frames of 98 kB would be 98 MB
    assert peak() - short < 30


def test_an_interrupt_while_it_starts_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: threading.Thread) -> None:
        assert list(tmp_path.iterdir())  # the file is there already
        raise KeyboardInterrupt

    monkeypatch.setattr(part, "_open_nameless", lambda _folder, _mode: None)
    monkeypatch.setattr(threading.Thread, "start", interrupted)
    with pytest.raises(KeyboardInterrupt):
        Mp4Writer(tmp_path / "a.mp4", width=64, height=64, fps=25, rate=RATE)
    assert list(tmp_path.iterdir()) == []


_SAME = """
import hashlib, random, sys, tempfile
from pathlib import Path
import numpy as np
from lipsync.video.frame import frame_of
from lipsync.video.writer import Mp4Writer

smooth = np.random.default_rng(0).normal(0, 40, (12, 12, 3))
big = np.clip(np.kron(smooth, np.ones((32, 32, 1))) + 128, 0, 255).astype(np.uint8)
frames = [frame_of(np.ascontiguousarray(big[step : step + 280, 2 * step : 2 * step + 240])) for step in range(25)]
seen, file = set(), Path(tempfile.mkdtemp(dir=sys.argv[1])) / "a.mp4"
for _ in range(12):
    with Mp4Writer(file, width=240, height=280, fps=25, rate=16000) as writer:
        for frame in frames:
            rubbish = [random.randbytes(random.randrange(1, 300_000)) for _ in range(3)]
            writer.write_frame(frame)
            del rubbish
    seen.add(hashlib.sha256(file.read_bytes()).hexdigest())
print(len(seen))
"""


@pytest.mark.slow
def test_the_same_frames_are_the_same_video_whatever_lies_in_memory(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", _SAME, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1"]


def test_avx512_is_disabled_where_present(tmp_path: Path) -> None:
    for name, flags, parameters in (("new", "avx2 avx512f", ["asm=AVX2"]), ("old", "avx2", [])):
        (tmp_path / name).write_text(f"flags : fpu {flags}")
        assert _deterministic_x264_parameters(tmp_path / name) == parameters
    assert _deterministic_x264_parameters(tmp_path / "none") == []
