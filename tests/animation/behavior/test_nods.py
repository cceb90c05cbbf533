from __future__ import annotations

import numpy as np
import pytest

from lipsync.animation.behavior.motion_style import MotionStyle
from lipsync.animation.behavior.nods import Nod, NodSource, draw_nods
from lipsync.animation.behavior.prominence import Accent
from lipsync.animation.behavior.timeline import Span

STYLE = MotionStyle()


def choose(
    accents: list[Accent], span: Span | None = None, source: NodSource | None = None, energy: float = 1.0
) -> list[Nod]:
    span = span or Span(0, 60000)
    return (source or NodSource(np.random.default_rng(1))).choose(span, accents, STYLE, np.full(span.count, energy))


def test_the_most_prominent_are_nodded_on_and_nods_keep_a_distance() -> None:
    rng = np.random.default_rng(0)
    accents = [Accent(float(time), float(rng.normal())) for time in np.arange(1, 590, 0.25)]
    nods = choose(accents)
    times = np.array([nod.time for nod in nods])
    assert (np.diff(times) > 0.64).all()
    assert 0.5 < len(nods) / 590 < 1.3
    assert np.mean([nod.prominence for nod in nods]) > np.mean([accent.prominence for accent in accents]) + 0.3
    down, prominence = np.array([(nod.down, nod.prominence) for nod in nods]).T
    assert np.corrcoef(down, prominence)[0, 1] > 0.5
    assert 0.7 < down.min() < down.max() < 6.6


def test_what_is_weak_or_comes_at_once_is_not_nodded_on() -> None:
    assert choose([Accent(time, -1.0) for time in range(1, 50)]) == []
    assert choose([Accent(10.05, 2.0)], Span(1000, 100)) == []


def test_a_hurried_nod_is_small() -> None:
    hurried = np.mean([nod.down for k in range(30) for nod in _one(10.2, k)])
    calm = np.mean([nod.down for k in range(30) for nod in _one(11.0, k)])
    assert hurried < 0.5 * calm


def _one(time: float, seed: int) -> list[Nod]:
    return choose([Accent(time, 1.0)], Span(1000, 200), NodSource(np.random.default_rng(seed)))


def test_energy_makes_them_large() -> None:
    accents = [Accent(float(time), 0.0) for time in range(1, 50)]
    calm, lively = (sum(nod.down for nod in choose(accents, energy=energy)) for energy in (0.5, 1.0))
    assert calm == pytest.approx(0.5 * lively)


def test_the_head_goes_up_before_the_vowel_and_is_lowest_on_it() -> None:
    span = Span(0, 400)
    pitch = draw_nods(span, [Nod(2.0, 1.0, 4.0, 0.5, 0.2, 0.0)])[:, 1]
    assert abs(span.times[pitch.argmin()] - 2.0) < 0.06
    assert pitch.min() == pytest.approx(-4, abs=0.4)
    assert 1.5 < span.times[pitch.argmax()] < 1.8
    assert 0.5 < pitch.max() < 1.6
    assert np.abs(pitch[[0, -1]]).max() < 1e-3


def test_a_nod_that_was_not_known_in_time_comes_in_smoothly() -> None:
    span = Span(180, 200)
    pitch = draw_nods(span, [Nod(2.0, 1.0, 4.0, 0.5, 0.2, span.begins)])[:, 1]
    assert abs(pitch[0]) < 0.05
    assert np.abs(np.diff(pitch)).max() < 0.6
    assert pitch.min() < -3


def test_what_is_over_is_forgotten() -> None:
    source = NodSource(np.random.default_rng(1))
    kept = []
    for piece in range(200):
        span = Span(piece * 200, 200)
        choose([Accent(span.begins + at, 1.0) for at in (0.4, 1.2, 1.9)], span, source)
        kept.append(len(source.choose(Span(span.first + 200, 0), [], STYLE, np.ones(0))))
    assert 0 < max(kept) <= 4
