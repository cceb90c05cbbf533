"""Sound files of every kind, whole and broken, and what only looks like one."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from lipsync.audio.decode import read_sound
from lipsync.errors import LipsyncError

RATE = 22050

KINDS = {
    "wav": ("wav", "pcm_s16le", 22050),
    "wav 24 bit 48 kHz": ("wav", "pcm_s24le", 48000),
    "wav 8 kHz": ("wav", "pcm_mulaw", 8000),
    "mp3": ("mp3", "mp3", 44100),
    "m4a": ("ipod", "aac", 44100),
    "mp4": ("mp4", "aac", 48000),
    "aac": ("adts", "aac", 44100),
    "ogg opus": ("ogg", "libopus", 48000),
    "webm": ("webm", "libopus", 48000),
    "matroska": ("matroska", "mp3", 44100),
    "flac": ("flac", "flac", 44100),
    "aiff": ("aiff", "pcm_s16be", 44100),
    "caf": ("caf", "pcm_s16be", 44100),
    "au": ("au", "pcm_s16be", 22050),
    "mpeg": ("mpeg", "mp2", 44100),
}


def tone(seconds: float, rate: int, hertz: float = 440.0) -> NDArray[np.float32]:
    return (0.5 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def written(samples: NDArray[np.float32], container: str, codec: str, rate: int, layout: str = "mono") -> bytes:
    """A file of (n,) samples in every channel."""
    out = io.BytesIO()
    with av.open(out, "w", format=container) as file:
        stream = file.add_stream(codec, rate=rate)
        stream.layout = layout
        frame = av.AudioFrame.from_ndarray(np.repeat(samples[None], stream.layout.nb_channels, 0), "fltp", layout)
        frame.sample_rate = rate
        suits = av.AudioResampler(stream.format, layout, rate, frame_size=stream.frame_size or 0)
        for piece in [*suits.resample(frame), *suits.resample(None), None]:
            file.mux(stream.encode(piece))
    return out.getvalue()


def loudest_hertz(samples: NDArray[np.float32]) -> float:
    return float(np.argmax(np.abs(np.fft.rfft(samples))) * RATE / len(samples))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_read(kind: str) -> None:
    container, codec, rate = KINDS[kind]
    data = written(tone(1.5, rate), container, codec, rate)
    samples = read_sound(data, RATE, max_seconds=5)
    assert samples.dtype == np.float32
    assert len(samples) / RATE == pytest.approx(1.5, abs=0.1)
    assert loudest_hertz(samples) == pytest.approx(440, abs=3)
    assert np.sqrt(np.mean(samples[5000:20000] ** 2)) == pytest.approx(0.5 / 2**0.5, abs=0.02)


def test_channels_are_mixed() -> None:
    samples = read_sound(written(tone(1, RATE), "wav", "pcm_s16le", RATE, "stereo"), RATE, max_seconds=2)
    assert np.abs(samples).max() == pytest.approx(0.5, abs=0.01)


def test_the_limit_holds_whatever_the_header_says() -> None:
    data = bytearray(written(tone(3, RATE), "wav", "pcm_s16le", RATE))
    assert len(read_sound(bytes(data), RATE, max_seconds=3.01)) == 3 * RATE
    at = data.index(b"data") + 4
    data[at : at + 4] = struct.pack("<I", 1000)
    data[4:8] = struct.pack("<I", 1000 + at - 4)
    assert len(read_sound(bytes(data), RATE, max_seconds=2.9)) <= 3 * RATE  # what the header hides is not read
    with pytest.raises(LipsyncError) as raised:
        read_sound(written(tone(3, RATE), "wav", "pcm_s16le", RATE), RATE, max_seconds=2.9)
    assert raised.value.code == "sound_too_long"


def test_numbers_that_are_none_are_silence() -> None:
    samples = tone(0.5, RATE)
    samples[100:200] = np.nan
    samples[300] = np.inf
    read = read_sound(written(samples, "wav", "pcm_f32le", RATE), RATE, max_seconds=1)
    assert np.isfinite(read).all()
    assert np.abs(read).max() <= 1
    assert not read[110:190].any()


def bad_files() -> Iterator[tuple[str, bytes, str]]:
    wav = written(tone(0.5, RATE), "wav", "pcm_s16le", RATE)
    yield "empty", b"", "not_a_sound"
    yield "text", b"hello there, this is no sound at all", "not_a_sound"
    yield "page", b"<!doctype html><title>404</title>", "not_a_sound"
    yield "playlist", b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", "not_a_sound"
    yield "ffconcat", b"ffconcat version 1.0\nfile /etc/passwd\n", "not_a_sound"
    yield "only a header", wav[:44], "broken_sound"
    yield "half a header", wav[:20], "broken_sound"
    yield "noise after a header", b"fLaC" + bytes(range(256)) * 20, "broken_sound"
    yield "an mp4 without a sound", b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", "broken_sound"


@pytest.mark.parametrize(
    ("data", "code"), [(data, code) for _, data, code in bad_files()], ids=[n for n, *_ in bad_files()]
)
def test_invalid_sound_is_reported(data: bytes, code: str) -> None:
    with pytest.raises(LipsyncError) as raised:
        read_sound(data, RATE, max_seconds=5)
    assert raised.value.code in (code, "not_a_sound")


def test_a_video_without_sound_is_rejected() -> None:
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as file:
        stream = file.add_stream("mpeg4", rate=25)
        stream.width = stream.height = 64
        for packet in [*stream.encode(av.VideoFrame(64, 64, "yuv420p")), *stream.encode(None)]:
            file.mux(packet)
    with pytest.raises(LipsyncError) as raised:
        read_sound(out.getvalue(), RATE, max_seconds=5)
    assert raised.value.code == "not_a_sound"


@pytest.mark.parametrize("kind", ["mp3", "webm", "ogg opus", "flac"])
def test_a_damaged_file_ends_where_the_damage_begins(kind: str) -> None:
    container, codec, rate = KINDS[kind]
    data = written(tone(2, rate), container, codec, rate)
    assert 0.3 < len(read_sound(data[: len(data) // 2], RATE, max_seconds=5)) / RATE < 1.7
