"""Loudness, compared with FFmpeg's own meter."""

from __future__ import annotations

import gc
import re
from fractions import Fraction

import av
import av.logging
import numpy as np
import pytest
from av.filter import Graph
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lipsync.audio.loudness import (
    CEILING,
    TARGET,
    LoudnessNormalizer,
    integrated_loudness,
    limit_true_peaks,
    true_peaks,
)
from lipsync.speech.engines.espeak import EspeakVoice

pytestmark = pytest.mark.slow


def measured(samples: NDArray[np.float32], rate: int) -> tuple[float, float]:
    """LUFS and true peak in dB, by FFmpeg's ebur128: it writes them to its log when it is freed."""
    graph = Graph()
    source = graph.add_abuffer(sample_rate=rate, format="flt", layout="mono", time_base=Fraction(1, rate))
    meter, sink = graph.add("ebur128", "peak=true"), graph.add("abuffersink")
    graph.link_nodes(source, meter, sink).configure()
    frame = av.AudioFrame.from_ndarray(samples[None], "flt", "mono")
    frame.sample_rate, frame.pts = rate, 0
    source.push(frame)
    source.push(None)
    before = av.logging.get_level()
    av.logging.set_level(av.logging.INFO)
    try:
        with av.logging.Capture(False) as lines:
            while True:
                try:
                    sink.pull()
                except (av.error.EOFError, av.error.BlockingIOError):
                    break
            del graph, source, meter, sink
            gc.collect()
    finally:
        av.logging.set_level(before)
    text = "".join(line for _, _, line in lines)
    return float(re.findall(r"I: +(\S+) LUFS", text)[-1]), float(re.findall(r"Peak: +(\S+) dBFS", text)[-1])


def speech(text: str, language: str = "ru", voice: str = "espeak-male") -> tuple[NDArray[np.float32], int]:
    pieces = list(EspeakVoice().speak(text, language, voice))
    return np.concatenate([piece.samples for piece in pieces]), pieces[0].rate


TEXT = "Мама мыла раму, а папа пел. Как хорошо! Бабушка испекла пирог, и все пошли пить чай."


@pytest.mark.parametrize("rate", [8000, 16_000, 22_050, 24_000, 44_100, 48_000, 96_000])
def test_loudness_equals_that_of_ffmpeg(rate: int) -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, 3 * rate).astype(np.float32)
    noise[rate : 2 * rate] *= 0.02  # below the relative gate
    if rate >= 48_000:
        noise = np.cumsum(noise).astype(np.float32)  # most of it low
        noise /= np.abs(noise).max() * 2
    loudness, peak = measured(noise, rate)
    # FFmpeg's filters are another approximation of the same above a third of the rate.
    assert integrated_loudness(noise, rate) == pytest.approx(loudness, abs=0.15 if rate > 8000 else 0.4)
    assert 20 * np.log10(true_peaks(noise, rate).max()) == pytest.approx(peak, abs=0.4)


def test_a_tone_of_the_recommendation() -> None:
    """BS.1770: a sine of 997 Hz at full scale in one channel is -3.01 LUFS."""
    tone = np.sin(2 * np.pi * 997 * np.arange(5 * 48_000) / 48_000).astype(np.float32)
    assert integrated_loudness(tone, 48_000) == pytest.approx(-3.01, abs=0.02)
    assert integrated_loudness(tone[:4800], 48_000) == pytest.approx(-3.01, abs=0.3)  # 0.1 s
    assert integrated_loudness(np.zeros(48_000, np.float32), 48_000) == float("-inf")
    assert integrated_loudness(np.zeros(0, np.float32), 48_000) == float("-inf")


@pytest.mark.parametrize("voice", ["espeak-male", "espeak-female"])
@pytest.mark.parametrize("loud", [0.2, 1.0, 3.0])
def test_every_voice_becomes_as_loud(voice: str, loud: float) -> None:
    samples, rate = speech(TEXT, "ru", voice)
    levelled = LoudnessNormalizer().normalize((samples * np.float32(loud)).astype(np.float32), rate)
    loudness, peak = measured(levelled, rate)
    assert loudness == pytest.approx(TARGET, abs=0.5)
    assert peak <= -1.3


def test_the_gain_stays_after_the_first_seconds() -> None:
    samples, rate = speech(TEXT)
    level = LoudnessNormalizer()
    for _ in range(2):
        level.normalize(samples, rate)
    quiet = (samples * np.float32(0.1)).astype(np.float32)
    ratio = level.normalize(quiet, rate)[np.abs(quiet) > 0.01] / quiet[np.abs(quiet) > 0.01]
    assert ratio.std() < 1e-4  # a whisper stays one
    assert integrated_loudness(level.normalize(quiet, rate), rate) < TARGET - 10


def test_silence_and_nothing_stay() -> None:
    for samples in (np.zeros(22_050, np.float32), np.zeros(0, np.float32)):
        np.testing.assert_array_equal(LoudnessNormalizer().normalize(samples, 22_050), samples)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), loud=st.floats(0.1, 10), rate=st.sampled_from([8000, 22_050, 48_000]))
def test_the_limiter_holds_and_does_not_click(seed: int, loud: float, rate: int) -> None:
    rng = np.random.default_rng(seed)
    times = np.arange(rate // 4) / rate
    samples = (loud * np.sin(2 * np.pi * 150 * times) * (0.2 + 0.8 * rng.random())).astype(np.float32)
    out = limit_true_peaks(samples, rate)
    assert true_peaks(out, rate).max() <= CEILING * 1.02
    gain = out[np.abs(samples) > 1e-3] / samples[np.abs(samples) > 1e-3]
    assert (gain > 0).all()
    assert np.abs(np.diff(gain)).max() < 0.1
