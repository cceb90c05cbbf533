from __future__ import annotations

import numpy as np
import pytest

from lipsync.animation.behavior.eye_look import eye_look_weights
from lipsync.animation.types import ARKIT_NAMES


def weights(across: float, up: float) -> dict[str, float]:
    (row,) = eye_look_weights(np.array([[across, up]]))
    return {name: value for name, value in zip(ARKIT_NAMES, row, strict=True) if value}


@pytest.mark.parametrize(
    ("gaze", "expected"),
    [
        # left and right in the names are the person's: the left eye is at the picture's right
        ((15.0, 0.0), {"eyeLookOutLeft": 0.5, "eyeLookInRight": 0.5}),
        ((-30.0, 0.0), {"eyeLookInLeft": 1.0, "eyeLookOutRight": 1.0}),
        ((0.0, 5.0), {"eyeLookUpLeft": 0.2, "eyeLookUpRight": 0.2}),
        ((0.0, -50.0), {"eyeLookDownLeft": 1.0, "eyeLookDownRight": 1.0}),
        ((0.0, 0.0), {}),
    ],
)
def test_the_look_is_split_into_arkit_units(gaze: tuple[float, float], expected: dict[str, float]) -> None:
    assert weights(*gaze) == pytest.approx(expected)
