from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lipsync.animation.behavior.prominence import ProminenceMeter, RunningStatistics
from lipsync.speech.types import Phone, Speech
from tests.animation.behavior.speaking import RATE, silence, syllables, tone


def test_running_statistics_forget() -> None:
    statistics = RunningStatistics(40, np.array([0.01]))
    rng = np.random.default_rng(0)
    statistics.add(rng.normal(5, 2, (400, 1)))
    assert statistics.standardize(np.array([[5.0], [9.0]]))[:, 0] == pytest.approx([0, 2], abs=0.7)
    statistics.add(rng.normal(-5, 1, (400, 1)))
    assert statistics.standardize(np.array([[-5.0], [-4.0]]))[:, 0] == pytest.approx([0, 1], abs=0.5)


def test_an_unknown_observation_changes_nothing() -> None:
    statistics = RunningStatistics(40, np.array([1.0, 1.0]))
    statistics.add(np.array([[np.nan, 2.0], [10.0, 4.0]]))
    assert statistics.standardize(np.array([[10.0, np.nan]])) == pytest.approx(np.zeros((1, 2)))


def _vowels(*vowels: tuple[str, float, float, float]) -> Speech:
    """Vowels given by symbol, length, Hz and level, in the middle of 0.6 s of silence each."""
    phones, samples, at = [], [], 0.0
    for symbol, length, frequency, level in vowels:
        phones += [Phone("", at, at + 0.2), Phone(symbol, at + 0.2, at + 0.2 + length)]
        samples += [np.zeros(round(0.2 * RATE), np.float32), tone(length, frequency, level)]
        at += 0.2 + length
    return Speech(np.concatenate(samples), RATE, tuple(phones))


@pytest.mark.parametrize(
    "prominent", [("ˈɑ", 0.1, 150, 0.6), ("ˈɑ", 0.1, 230, 0.2), ("ˈɑ", 0.3, 150, 0.2)], ids=["loud", "high", "long"]
)
def test_what_is_loud_high_or_long_is_prominent(prominent: tuple[str, float, float, float]) -> None:
    plain = ("ˈɑ", 0.1, 150, 0.2)
    found = ProminenceMeter().accents(_vowels(plain, plain, prominent, plain, plain, plain), 5.0)
    assert len(found) == 6
    assert found[2].prominence > 0.5 + max(accent.prominence for accent in [*found[:2], *found[3:5]])
    assert found[5].prominence > found[4].prominence  # the last stress of a sentence
    assert found[0].time == pytest.approx(5.25)


def test_secondary_stress_is_less_and_none_is_no_accent() -> None:
    first, second, _ = ProminenceMeter().accents(
        _vowels(("ˈɑ", 0.1, 150, 0.2), ("ˌɑ", 0.1, 150, 0.2), ("ɑ", 0.1, 150, 0.2), ("ˈɑ", 0.1, 150, 0.2)), 0.0
    )
    assert second.prominence < first.prominence - 0.5


@pytest.mark.parametrize("phones", ["none", "unmarked"])
def test_without_stress_marks_the_peaks_of_loudness_are_accents(phones: str) -> None:
    speech = syllables(5)
    unmarked = tuple(Phone(p.symbol.strip("ˈ"), p.start, p.end) for p in speech.phones)
    found = ProminenceMeter().accents(replace(speech, phones=unmarked if phones == "unmarked" else ()), 0.0)
    middles = [p.start + 0.1 for p in speech.phones if p.symbol == "ˈɑ"]
    for middle in middles:
        assert min(abs(accent.time - middle) for accent in found) < 0.12


def test_silence_has_none() -> None:
    assert ProminenceMeter().accents(silence(1), 0.0) == []
    assert ProminenceMeter().accents(Speech(np.zeros(0, np.float32), RATE), 0.0) == []
