"""A hum with the mouth closed, against open speech."""

from __future__ import annotations

import numpy as np
import pytest

from bench.barge_in.sounds import QUESTIONS, noises, say
from lipsync.hearing.hum import is_hum
from lipsync.hearing.types import WINDOW


def share(sound: np.ndarray) -> float:
    """Share of the loud windows that are hums."""
    windows = sound[: len(sound) // WINDOW * WINDOW].reshape(-1, WINDOW)
    power = np.square(windows).mean(axis=1)
    found = [is_hum(window) for window in windows[power > power.max() / 100]]
    return float(np.mean(found))


def test_a_hum_is_one() -> None:
    assert np.mean([share(dict(noises(seed))["mm-hm"]) for seed in range(10)]) > 0.8


@pytest.mark.parametrize("voice", ["espeak-male", "espeak-female"])
def test_speech_is_mostly_none(voice: str) -> None:
    assert np.mean([share(say(text, voice)) for text in QUESTIONS]) < 0.35


def test_silence_is_the_end_of_a_hum() -> None:
    assert is_hum(np.zeros(WINDOW, np.float32))
