from __future__ import annotations

import numpy as np

from lipsync.animation.behavior.drift import Drift


def test_the_head_is_never_still_and_goes_nowhere() -> None:
    times = np.arange(0, 600, 0.01)
    speaking, silent = (Drift(np.random.default_rng(1)).curves(times, np.full(len(times), s)) for s in (1.0, 0.0))
    assert (np.abs(speaking.mean(axis=0)) < 0.02).all()
    assert (np.abs(speaking).max(axis=0) <= [1.1, 0.8, 0.45]).all()
    assert (speaking.std(axis=0) > [0.2, 0.12, 0.09]).all()
    assert 0.4 < silent.std() / speaking.std() < 0.9
    assert np.abs(np.diff(speaking, axis=0)).max() / 0.01 < 2
    assert not np.allclose(speaking, Drift(np.random.default_rng(2)).curves(times, np.ones(len(times))))
