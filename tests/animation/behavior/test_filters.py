from __future__ import annotations

import numpy as np
import pytest

from lipsync.animation.behavior.filters import LowPass
from lipsync.animation.behavior.timeline import STEP


def test_a_step_is_followed_late_smoothly_and_without_overshoot() -> None:
    answer = LowPass(0.1, 1).filter(np.ones((300, 1)))[:, 0]
    assert answer[0] < 1e-4
    assert answer[-1] == pytest.approx(1)
    assert (np.diff(answer) > -1e-12).all()
    assert abs(np.argmax(answer > 0.5) * STEP - 0.367) < 0.02  # median of a gamma distribution of order 4
    rise = (np.argmax(answer > 0.9) - np.argmax(answer > 0.1)) * STEP
    assert rise == pytest.approx(0.49, abs=0.04)


@pytest.mark.parametrize("cuts", [[1], [100, 101, 250], [0, 0, 7]])
def test_pieces_are_filtered_as_one(cuts: list[int]) -> None:
    curves = np.random.default_rng(0).normal(size=(300, 2))
    whole, pieces = LowPass(0.08, 2), LowPass(0.08, 2)
    parts = [pieces.filter(part) for part in np.split(curves, cuts)]
    np.testing.assert_allclose(np.concatenate(parts), whole.filter(curves), atol=1e-12)
