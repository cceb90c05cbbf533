"""Sound and picture are together in players that honour edit lists and in players that ignore them."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from lipsync.pipeline.service import LipsyncService
from lipsync.settings import Settings
from lipsync.video.composition_offsets import make_offsets_readable
from lipsync.video.frame import Frame, frame_of
from lipsync.video.writer import Mp4Writer

pytestmark = pytest.mark.slow

FPS = 25
CUES = (1.0, 2.0, 3.0)
"""Seconds at which a beep begins and the picture turns white."""
IGNORED = {"ignore_editlist": "1"}
"""Option of FFmpeg's demuxer."""
NOTHING: dict[str, str] = {}
TOLERANCE = 0.010


def picture(number: int) -> Frame:
    """White for two frames from each cue on, with a bar that moves, so that the encoder uses B-frames."""
    values = np.full((128, 96, 3), 250 if any(0 <= number - cue * FPS < 2 for cue in CUES) else 40, np.uint8)
    values[:, number % 90 : number % 90 + 6] = 128
    return frame_of(values)


def beeps(rate: int, lead: float = 0.0) -> NDArray[np.float32]:
    """Four seconds with a beep at each cue, and with one at the very beginning that lasts ``lead`` seconds."""
    time = np.arange(4 * rate) / rate
    sounding = (time < lead) | np.any([(time >= cue) & (time < cue + 0.1) for cue in CUES], axis=0)
    return np.where(sounding, 0.5 * np.sin(2 * np.pi * 1000 * time), 0).astype(np.float32)


def write(path: Path, rate: int, lead: float = 0.0) -> None:
    with Mp4Writer(path, width=96, height=128, fps=FPS, rate=rate) as writer:
        writer.write_sound(beeps(rate, lead))
        for number in range(4 * FPS):
            writer.write_frame(picture(number))


def heard(path: Path, options: dict[str, str]) -> tuple[NDArray[np.float32], int]:
    """All decoded samples, as a player lays them one after another, and their rate."""
    with av.open(str(path), options=options) as container:
        rate = container.streams.audio[0].rate
        return np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)]), rate


def onsets(path: Path, options: dict[str, str]) -> list[float]:
    """Seconds from the first sample at which a beep begins."""
    samples, rate = heard(path, options)
    loud = np.flatnonzero(np.abs(samples) > 0.3)
    return [float(loud[place]) / rate for place in np.flatnonzero(np.diff(loud, prepend=-rate) > 0.5 * rate)]


def flashes(path: Path, options: dict[str, str]) -> list[float]:
    """Seconds at which the picture turns white."""
    found, white = [], False
    with av.open(str(path), options=options) as container:
        for frame in container.decode(video=0):
            bright = float(np.median(frame.to_ndarray(format="gray"))) > 150
            if bright and not white:
                found.append(float(frame.pts * frame.time_base))
            white = bright
    return found


@pytest.mark.parametrize("rate", [8000, 11000, 16000, 22050, 24000, 44100, 48000])
@pytest.mark.parametrize("options", [NOTHING, IGNORED])
def test_beeps_and_flashes_come_in_time(tmp_path: Path, rate: int, options: dict[str, str]) -> None:
    write(tmp_path / "a.mp4", rate)
    assert flashes(tmp_path / "a.mp4", options) == pytest.approx(CUES, abs=1e-6)
    assert onsets(tmp_path / "a.mp4", options) == pytest.approx(CUES, abs=TOLERANCE)


@pytest.mark.parametrize("silence", [1024, 1100, 1300, 2048])
def test_no_sample_is_lost(tmp_path: Path, silence: int) -> None:
    """Without its priming packet the sound is whole, also where it begins soon after the samples of that packet."""
    rng = np.random.default_rng(1)
    noise = np.convolve(rng.normal(0, 0.2, 22050), np.hanning(16) / 8, "same").astype(np.float32)
    wanted = np.concatenate([np.zeros(silence, np.float32), noise])
    with Mp4Writer(tmp_path / "a.mp4", width=96, height=128, fps=FPS, rate=22050) as writer:
        writer.write_sound(wanted)
        for number in range(FPS + 3):
            writer.write_frame(picture(number))
    for options in (NOTHING, IGNORED):
        samples, _ = heard(tmp_path / "a.mp4", options)
        assert len(samples) >= len(wanted)
        for start in range(silence, silence + 4096, 512):
            part = slice(start, start + 512)
            assert float(np.corrcoef(samples[part], wanted[part])[0, 1]) > 0.97, start


def test_sound_that_begins_at_once_keeps_its_priming_packet(tmp_path: Path) -> None:
    write(tmp_path / "a.mp4", 22050, lead=0.1)
    samples, _ = heard(tmp_path / "a.mp4", NOTHING)
    wanted = beeps(22050, lead=0.1)
    assert float(np.corrcoef(samples[:1024], wanted[:1024])[0, 1]) > 0.99
    assert onsets(tmp_path / "a.mp4", NOTHING) == pytest.approx([0.0, *CUES], abs=TOLERANCE)
    assert flashes(tmp_path / "a.mp4", IGNORED) == pytest.approx(CUES, abs=1e-6)


@pytest.mark.parametrize("frames", range(1, 16))
def test_a_copy_of_a_very_short_video_keeps_its_times(tmp_path: Path, frames: int) -> None:
    """FFmpeg misreads signed offsets in the last two entries of the table: such a file has unsigned ones."""
    with Mp4Writer(tmp_path / "a.mp4", width=96, height=128, fps=FPS, rate=22050) as writer:
        writer.write_sound(np.zeros(frames * 882, np.float32))
        for number in range(frames):
            writer.write_frame(picture(number))
    with av.open(str(tmp_path / "a.mp4")) as source, av.open(str(tmp_path / "b.mp4"), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                assert packet.pts is not None
                assert packet.pts >= packet.dts
                packet.stream = stream
                target.mux(packet)
    for name in ("a.mp4", "b.mp4"):
        with av.open(str(tmp_path / name)) as container:
            times = [float(frame.pts * frame.time_base) for frame in container.decode(video=0)]
        assert times == pytest.approx([number / FPS for number in range(frames)], abs=1e-4)


@pytest.mark.parametrize("data", [b"", b"RIFF", b"\0\0\0\4free", b"\0\0\0\x10ftypisom\0\0\0\0", b"\0\0\0\x08moov"])
def test_a_file_without_offsets_stays_as_it_is(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(data)
    make_offsets_readable(path)
    assert path.read_bytes() == data


def test_a_finished_video_speaks_in_time_in_both(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, outputs=tmp_path, cache=tmp_path / "cache", voices="espeak", warm_up=False)
    service = LipsyncService(settings)
    service.load(ahead=False)
    result = service.generate(text="Peter, Paul and Mary.", language="en", avatar="hopper")
    (honoured, rate), (ignored, _) = heard(result.path, NOTHING), heard(result.path, IGNORED)
    count = min(len(honoured), len(ignored))
    assert np.array_equal(honoured[:count], ignored[:count])
    assert np.abs(honoured[: round(0.2 * rate)]).max() < 1e-3
    for options in (NOTHING, IGNORED):
        with av.open(str(result.path), options=options) as container:
            assert container.streams.video[0].start_time == container.streams.audio[0].start_time == 0
            assert sum(1 for _ in container.decode(video=0)) == result.frames
