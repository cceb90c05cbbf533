"""Sound encoded piece by piece is the sound, whatever the file."""

from __future__ import annotations

import io
import wave
from pathlib import Path
from typing import IO

import numpy as np
import pytest
import soundfile
from scipy.io import wavfile

from lipsync.audio import sound_file
from lipsync.audio.decode import read_sound
from lipsync.audio.encode import FORMATS, SoundWriter
from lipsync.audio.sound_file import SoundFile
from lipsync.errors import LipsyncError

RATE = 24000


def tone(seconds: float, hertz: float = 440.0) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE)).astype(np.float32)


STREAMED = [name for name, kind in FORMATS.items() if kind.is_streamed]


def written(name: str, samples: np.ndarray, piece: int, rate: int = RATE) -> list[bytes]:
    if name not in STREAMED:
        with SoundFile(name, rate) as file:
            for start in range(0, len(samples), piece):
                file.add(samples[start : start + piece])
            file.finish()
            parts = list(file.read())
            assert sum(len(part) for part in parts) == file.size
            return parts
    writer = SoundWriter(name, rate)
    parts = [writer.add(samples[start : start + piece]) for start in range(0, len(samples), piece)]
    return [*parts, writer.finish()]


def read(name: str, data: bytes) -> np.ndarray:
    if name == "pcm":
        return np.frombuffer(data, "<i2").astype(np.float32) / 32768
    return read_sound(data, RATE, max_seconds=60)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("piece", [997, 100_000])
def test_encoded_sound_can_be_decoded(name: str, piece: int) -> None:
    sound = tone(2.0)
    back = read(name, b"".join(written(name, sound, piece)))
    assert len(back) == pytest.approx(len(sound), abs=0.1 * RATE)  # lossy codecs pad
    middle = back[RATE // 2 : 3 * RATE // 2]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle))))
    assert int(spectrum.argmax()) == 440
    assert np.sqrt(np.mean(middle**2)) == pytest.approx(0.5 / np.sqrt(2), rel=0.1)


@pytest.mark.parametrize("name", ["flac", "wav", "pcm"])
def test_without_loss_it_is_the_same_to_16_bits_however_it_is_cut(name: str) -> None:
    sound = np.random.default_rng(0).uniform(-1, 1, 30_000).astype(np.float32)
    back = read(name, b"".join(written(name, sound, 1234)))
    assert len(back) == len(sound)
    assert np.abs(back - sound).max() < 1.01 / 32768


@pytest.mark.parametrize("name", STREAMED)
def test_bytes_come_while_it_is_written(name: str) -> None:
    parts = written(name, tone(10.0), RATE)
    early = sum(len(part) for part in parts[:5])
    assert 0.2 < early / sum(len(part) for part in parts) < 0.7


@pytest.mark.parametrize("name", FORMATS)
def test_48000_samples_a_second(name: str) -> None:
    data = b"".join(written(name, tone(4.0), 48_000, rate=48_000))
    seconds = len(data) / 2 / 48_000 if name == "pcm" else len(read_sound(data, RATE, max_seconds=60)) / RATE
    assert seconds == pytest.approx(2.0, abs=0.1)


def test_loud_samples_are_clipped_and_do_not_wrap() -> None:
    back = read("pcm", b"".join(written("pcm", np.array([2.0, -2.0, 1.0], np.float32), 3)))
    assert back == pytest.approx([1.0, -1.0, 1.0], abs=1e-4)


@pytest.mark.parametrize("seconds", [0.0, 0.1, 1.0, 100.0])  # the last one waits on the disk
def test_a_wav_states_its_true_length(seconds: float) -> None:
    """In every reader that trusts the header: Python's wave, libsndfile, scipy; and in FFmpeg's."""
    data = b"".join(written("wav", tone(seconds), 50_000))
    count = round(seconds * RATE)
    with wave.open(io.BytesIO(data)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, RATE)
        assert file.getnframes() == count
        assert len(file.readframes(10**7)) == 2 * count
    assert soundfile.info(io.BytesIO(data)).frames == count
    rate, samples = wavfile.read(io.BytesIO(data))  # a warning would be an error
    assert (rate, len(samples)) == (RATE, count)
    if count:
        assert len(read_sound(data, RATE, max_seconds=200)) == count
    assert int.from_bytes(data[4:8], "little") + 8 == len(data)


def test_a_flac_states_its_true_length() -> None:
    data = b"".join(written("flac", tone(2.0), 5000))
    assert soundfile.info(io.BytesIO(data)).frames == 2 * RATE
    assert len(soundfile.read(io.BytesIO(data))[0]) == 2 * RATE


@pytest.mark.parametrize("name", sorted({*FORMATS} - {*STREAMED}))
def test_a_length_that_the_header_states_cannot_be_streamed(name: str) -> None:
    with pytest.raises(ValueError, match="stream"):
        SoundWriter(name, RATE)


def test_streamed_formats_need_no_file() -> None:
    with pytest.raises(ValueError, match="stream"):
        SoundFile("mp3", RATE)


def test_a_wav_that_grows_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sound_file, "MAX_DATA_BYTES", 1000)
    with SoundFile("wav", RATE) as file:
        file.add(tone(500 / RATE))
        with pytest.raises(LipsyncError) as caught:
            file.add(tone(1 / RATE))
    assert caught.value.code == "cannot_write"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("name", ["wav", "flac"])
def test_a_full_disk_is_reported(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    def full(*_: object, **__: object) -> IO[bytes]:
        return open("/dev/full", "r+b", buffering=0)  # noqa: PTH123 - SoundFile closes it

    with pytest.raises(LipsyncError) as caught:  # noqa: PT012 - it may be noticed at either step
        monkeypatch.setattr(sound_file, "SpooledTemporaryFile", full)
        with SoundFile(name, RATE) as file:
            file.add(tone(5.0))
            file.finish()
    assert caught.value.code == "cannot_write"


@pytest.mark.parametrize("name", ["mp3", "aac"])
def test_closing_discards_what_the_encoder_still_holds(name: str) -> None:
    writer, closed = SoundWriter(name, RATE), SoundWriter(name, RATE)
    assert writer.add(tone(1.0)) == closed.add(tone(1.0))
    closed.close()
    closed.close()
    assert closed.finish() == b""
    assert writer.finish() != b""
