"""Sound encoded piece by piece is the sound, whatever the file."""

from __future__ import annotations

import io
import wave

import numpy as np
import pytest

from lipsync.media.sound import read_sound
from lipsync.media.sound_writer import FORMATS, SoundWriter

RATE = 24000


def tone(seconds: float, hertz: float = 440.0) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE)).astype(np.float32)


def written(name: str, samples: np.ndarray, piece: int, rate: int = RATE) -> list[bytes]:
    writer = SoundWriter(name, rate)
    parts = [writer.add(samples[start : start + piece]) for start in range(0, len(samples), piece)]
    return [*parts, writer.finish()]


def read(name: str, data: bytes) -> np.ndarray:
    if name == "pcm":
        return np.frombuffer(data, "<i2").astype(np.float32) / 32768
    return read_sound(data, RATE, max_seconds=60)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("piece", [997, 100_000])
def test_what_is_written_can_be_read(name: str, piece: int) -> None:
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


@pytest.mark.parametrize("name", FORMATS)
def test_bytes_come_while_it_is_written(name: str) -> None:
    parts = written(name, tone(10.0), RATE)
    early = sum(len(part) for part in parts[:5])
    assert 0.2 < early / sum(len(part) for part in parts) < 0.7


@pytest.mark.parametrize("name", FORMATS)
def test_48000_samples_a_second(name: str) -> None:
    data = b"".join(written(name, tone(4.0), 48_000, rate=48_000))
    seconds = len(data) / 2 / 48_000 if name == "pcm" else len(read_sound(data, RATE, max_seconds=60)) / RATE
    assert seconds == pytest.approx(2.0, abs=0.1)


def test_what_is_too_loud_is_cut_and_does_not_wrap() -> None:
    back = read("pcm", b"".join(written("pcm", np.array([2.0, -2.0, 1.0], np.float32), 3)))
    assert back == pytest.approx([1.0, -1.0, 1.0], abs=1e-4)


def test_a_wav_opens_in_python_s_own_reader() -> None:
    with wave.open(io.BytesIO(b"".join(written("wav", tone(1.0), 5000)))) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, RATE)
        assert len(file.readframes(10**6)) == 2 * RATE


def test_a_writer_that_is_given_up_holds_nothing() -> None:
    writer = SoundWriter("mp3", RATE)
    writer.add(tone(1.0))
    writer.close()
    writer.close()
