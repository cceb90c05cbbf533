"""The light on a lid continues the skin around it."""

from __future__ import annotations

import numpy as np

from lipsync.animation.puppet.eyelids.membrane import screened_membrane


def ramp(height: int, width: int) -> np.ndarray:
    x, y = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    return np.asarray(np.dstack([80 + 60 * x, 120 + 40 * y, 90 + 20 * (x - y)]), np.float32)


def test_a_hole_in_even_light_is_filled_with_that_light() -> None:
    truth = ramp(60, 90)
    weight = np.ones((60, 90), np.float32)
    weight[20:40, 25:65] = 0
    seen = truth.copy()
    seen[20:40, 25:65] = 0

    filled = screened_membrane(seen, weight)

    assert np.abs(filled - truth)[20:40, 25:65].max() < 4


def test_the_sides_of_a_hole_keep_their_own_light() -> None:
    weight = np.ones((40, 80), np.float32)
    weight[:, 30:50] = 0
    colour = np.full((40, 80, 3), 60, np.float32)
    colour[:, 40:] = 160

    filled = screened_membrane(colour, weight)[20, :, 0]

    assert abs(filled[20] - 60) < 3
    assert abs(filled[60] - 160) < 3
    assert np.all(np.diff(filled[28:52]) > 0)


def test_nothing_known_gives_numbers() -> None:
    assert np.isfinite(screened_membrane(np.zeros((20, 30, 3), np.float32), np.zeros((20, 30), np.float32))).all()
