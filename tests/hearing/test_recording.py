"""A caller's recording of any common kind becomes samples of one rate, or one clear error."""

from __future__ import annotations

import numpy as np
import pytest

from lipsync.errors import LipsyncError
from lipsync.hearing.recording import read_recording
from lipsync.hearing.types import RATE
from lipsync.hearing.voiced_parts import voice_probabilities, voiced_parts
from tests.audio.test_decode import written
from tests.hearing.sounds import silence, spoken
from tests.speech.recordings import wav

KINDS = [
    ("wav", "pcm_s16le", 8_000),
    ("wav", "pcm_s16le", 96_000),
    ("webm", "libopus", 48_000),
    ("ogg", "libopus", 48_000),
    ("mp3", "mp3", 44_100),
    ("ipod", "aac", 44_100),
    ("mp4", "aac", 48_000),
]


@pytest.mark.parametrize(("container", "codec", "rate"), KINDS)
def test_every_kind_has_its_length_and_its_voice(container: str, codec: str, rate: int) -> None:
    times = np.arange(0, len(spoken()), RATE / rate)
    sound = np.interp(times, np.arange(len(spoken())), spoken()).astype(np.float32)
    samples = read_recording(written(sound, container, codec, rate), max_seconds=60)
    assert samples.dtype == np.float32
    assert len(samples) / RATE == pytest.approx(len(spoken()) / RATE, abs=0.2)
    assert voiced_parts(voice_probabilities(samples))


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "not_a_sound"),
        (b"GIF89a" + bytes(100), "not_a_sound"),
        (b"<html>a page</html>", "not_a_sound"),
        (wav(spoken(), RATE)[:40], "broken_sound"),
        (b"\x1aE\xdf\xa3" + bytes(5000), "broken_sound"),
        (wav(silence(61), RATE), "sound_too_long"),
    ],
)
def test_other_files_have_one_error_each(data: bytes, code: str) -> None:
    with pytest.raises(LipsyncError) as caught:
        read_recording(data, max_seconds=60)
    assert caught.value.code == code
