from __future__ import annotations

import numpy as np
import pytest

from lipsync.animation.behavior.pitch import estimate_f0
from tests.animation.behavior.speaking import RATE, tone


@pytest.mark.parametrize("frequency", [80, 120, 210, 330])
@pytest.mark.parametrize("rate", [8000, 16000, 22050, 48000])
def test_the_frequency_of_a_voice_is_found(frequency: int, rate: int) -> None:
    times = np.arange(rate) / rate
    harmonics = sum(np.sin(2 * np.pi * frequency * k * times) / k for k in range(1, 8))
    found = estimate_f0((0.1 * np.asarray(harmonics)).astype(np.float32), rate, np.arange(0.1, 0.9, 0.05))
    np.testing.assert_allclose(found, frequency, rtol=0.03)


def test_silence_and_noise_have_none() -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, RATE).astype(np.float32)
    assert (estimate_f0(noise, RATE, np.arange(0.1, 0.9, 0.02)) > 0).mean() < 0.1
    assert not estimate_f0(np.zeros(RATE, np.float32), RATE, np.arange(0, 1, 0.01)).any()
    assert len(estimate_f0(np.zeros(0, np.float32), RATE, np.zeros(0))) == 0
    assert not estimate_f0(np.zeros(3, np.float32), RATE, np.array([-1.0, 0.0, 5.0])).any()


def test_many_places_are_taken_in_batches() -> None:
    found = estimate_f0(tone(2.0, 200), RATE, np.linspace(0.1, 1.9, 1500))
    np.testing.assert_allclose(found, 200, rtol=0.03)
