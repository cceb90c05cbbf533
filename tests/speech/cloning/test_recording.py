"""Recordings that a voice can be learned from, and those that are refused."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from lipsync.errors import LipsyncError
from lipsync.speech.cloning.recording import MIN_SPEECH_S, RATE, analyze, load_reference
from tests.speech.recordings import spoken, wav

Sound = NDArray[np.float32]
NOISE = np.random.default_rng(0).normal(0, 1, 12 * RATE).astype(np.float32)
TIME = np.arange(12 * RATE) / RATE


def refusal(samples: Sound) -> str:
    with pytest.raises(LipsyncError) as raised:
        analyze(samples.astype(np.float32))
    return raised.value.code


@pytest.mark.parametrize(("voice", "sex", "hertz"), [("espeak-male", "male", 100), ("espeak-female", "female", 205)])
def test_speech_is_taken_at_the_usual_level(voice: str, sex: str, hertz: float) -> None:
    speech = spoken(voice)
    sample = analyze(speech * np.float32(0.1))
    assert sample.sex == sex
    assert sample.pitch == pytest.approx(hertz, rel=0.1)
    assert MIN_SPEECH_S < sample.seconds <= len(speech) / RATE
    assert 0.1 < np.abs(sample.samples).max() <= 0.96
    assert np.array_equal(sample.samples, analyze(speech * np.float32(0.1)).samples)


def test_pauses_are_left_out_and_noise_is_borne() -> None:
    speech = spoken()
    half = len(speech) // 2
    with_pause = np.concatenate([speech[:half], np.zeros(10 * RATE, np.float32), speech[half:]])
    assert analyze(with_pause).seconds == pytest.approx(analyze(speech).seconds, abs=1.0)
    noisy = speech + 0.01 * NOISE[: len(speech)]
    assert analyze(noisy).sex == "male"


REFUSED: dict[str, tuple[str, Callable[[], Sound]]] = {
    "silence": ("no_speech", lambda: np.zeros(10 * RATE)),
    "noise": ("no_speech", lambda: 0.1 * NOISE),
    "a tone": ("no_speech", lambda: 0.3 * np.sin(2 * np.pi * 220 * TIME)),
    "beeps": ("no_speech", lambda: 0.3 * np.sin(2 * np.pi * 220 * TIME) * np.sin(2 * np.pi * 2 * TIME) ** 2),
    "a melody": (
        "no_speech",
        lambda: 0.3 * np.sin(2 * np.pi * np.cumsum(np.repeat([262, 330, 392, 523] * 6, RATE // 2)) / RATE)
        * np.tile(np.exp(-np.arange(RATE // 2) / 4000), 24),
    ),
    "a whisper of a level": ("sample_too_quiet", lambda: 0.002 * spoken()),
    "overdriven": ("sample_clipped", lambda: np.clip(8 * spoken(), -1, 1)),
    "three seconds": ("sample_too_short", lambda: spoken()[: 3 * RATE]),
    "a moment": ("sample_too_short", lambda: spoken()[:100]),
    "nothing": ("sample_too_short", lambda: np.zeros(0)),
    "mostly pauses": ("sample_too_short", lambda: np.concatenate([spoken()[: 4 * RATE], np.zeros(30 * RATE)])),
    "a man and a woman": (
        "several_speakers",
        lambda: np.concatenate([spoken("espeak-male"), spoken("espeak-female")]),
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_unusable_recordings_are_rejected(what: str) -> None:
    code, sound = REFUSED[what]
    assert refusal(sound()) == code


def test_several_files_are_one_sample() -> None:
    speech = spoken()
    third = len(speech) // 3
    files = [wav(speech[start : start + third]) for start in (0, third, 2 * third)]
    assert load_reference(files).seconds == pytest.approx(analyze(speech).seconds, abs=1.0)
    with pytest.raises(LipsyncError) as raised:
        load_reference([*files, b"<html>"])
    assert raised.value.code == "not_a_sound"


@pytest.mark.slow
def test_the_limit_is_of_all_files_together() -> None:
    minutes = wav(np.zeros(301 * 8000, np.float32), 8000)
    with pytest.raises(LipsyncError) as raised:
        load_reference([minutes, minutes])
    assert (raised.value.code, raised.value.facts["limit"]) == ("sound_too_long", "600")
    with pytest.raises(LipsyncError) as raised:
        load_reference([])
    assert raised.value.code == "no_speech"
