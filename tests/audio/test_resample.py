"""Resampling: nothing moves in time, nothing is lost, however the sound arrives."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lipsync.audio.resample import Resampler

RATES = (7919, 8000, 11025, 16000, 22050, 24000, 44100, 48000, 96000, 192000)


def resampled(samples: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
    stream = Resampler(rate)
    return np.concatenate([stream.add(samples), stream.finish()])


@pytest.mark.parametrize("rate", RATES)
def test_an_impulse_stays_at_its_time(rate: int) -> None:
    """Where the smoothed impulse is centred, to 0.1 ms."""
    for at in (rate // 10, rate // 3, rate // 2):
        sound = np.zeros(rate, np.float32)
        sound[at] = 1
        power = resampled(sound, rate).astype(np.float64) ** 2
        centre = (power * np.arange(16000)).sum() / power.sum() / 16000
        assert centre == pytest.approx(at / rate, abs=1e-4)


@pytest.mark.parametrize("rate", RATES)
def test_a_tone_is_the_same_tone(rate: int) -> None:
    """440 Hz, in phase and in height, away from the ends."""
    sound = np.sin(2 * np.pi * 440 * np.arange(rate) / rate).astype(np.float32)
    expected = np.sin(2 * np.pi * 440 * np.arange(16000) / 16000)
    np.testing.assert_allclose(resampled(sound, rate)[200:-200], expected[200:-200], rtol=0, atol=2e-3)


@settings(max_examples=40, deadline=None)
@given(
    rate=st.sampled_from(RATES),
    length=st.integers(0, 5000),
    cuts=st.lists(st.integers(0, 5000), max_size=8),
)
def test_chunked_resampling_equals_whole(rate: int, length: int, cuts: list[int]) -> None:
    sound = (0.3 * np.sin(np.arange(length) ** 1.5)).astype(np.float32)
    stream = Resampler(rate)
    parts = [stream.add(part) for part in np.split(sound, sorted(min(cut, length) for cut in cuts))]
    together = np.concatenate([*parts, stream.finish()])
    assert together.dtype == np.float32
    assert len(together) == -(-length * 16000 // rate)
    np.testing.assert_allclose(together, resampled(sound, rate), rtol=0, atol=1e-6)


def test_invalid_input_is_rejected() -> None:
    with pytest.raises(ValueError, match="positive"):
        Resampler(0)
    with pytest.raises(ValueError, match="one-dimensional"):
        Resampler(48000).add(np.zeros((2, 100), np.float32))
