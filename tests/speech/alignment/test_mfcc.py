from __future__ import annotations

import numpy as np
import pytest

from lipsync.speech.alignment.mfcc import HOP, mfcc
from lipsync.speech.engines.espeak import EspeakVoice


def spoken(text: str = "Мама мыла раму, а папа пел.") -> tuple[np.ndarray, int]:
    (speech,) = EspeakVoice().speak(text, "ru")
    return speech.samples, speech.rate


@pytest.mark.parametrize("count", [0, 1, 7, 110, 22050])
def test_a_row_for_each_step(count: int) -> None:
    features = mfcc(np.random.default_rng(0).normal(0, 0.1, count).astype(np.float32), 22050)
    assert features.shape == (1 + int(count / 22050 / HOP), 16)
    assert features.dtype == np.float32
    assert np.isfinite(features).all()


def test_silence_is_finite() -> None:
    assert np.isfinite(mfcc(np.zeros(4000, np.float32), 16000)).all()


def test_loudness_is_taken_out() -> None:
    samples, rate = spoken()
    assert np.allclose(mfcc(samples, rate), mfcc(samples * np.float32(0.1), rate), atol=0.01)


def test_the_rate_makes_little_difference() -> None:
    samples, rate = spoken()
    twice = np.interp(np.arange(2 * len(samples)) / 2, np.arange(len(samples)), samples).astype(np.float32)
    a, b = mfcc(samples, rate), mfcc(twice, 2 * rate)
    rows = min(len(a), len(b))
    other = mfcc(spoken("Шесть мышат в камышах шуршат.")[0], rate)
    unlike = min(rows, len(other))
    alike = np.linalg.norm(a[:rows] - b[:rows], axis=1).mean()
    assert alike < 0.4 * np.linalg.norm(a[:unlike] - other[:unlike], axis=1).mean()
