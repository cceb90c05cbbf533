"""The signs of a pose."""

from __future__ import annotations

import numpy as np
import pytest

from lipsync.animation.puppet.head.rotation import rotation

NOSE = np.array([0.0, 0.0, -1.0])
"""A point towards the viewer: x right, y down, z away."""
EAR = np.array([1.0, 0.0, 0.0])
"""A point at the picture's right."""


@pytest.mark.parametrize(
    ("pose", "point", "axis", "sign"),
    [
        ((10, 0, 0), NOSE, 0, 1),  # the nose goes to the picture's right
        ((0, 10, 0), NOSE, 1, -1),  # and up
        ((0, 0, 10), EAR, 1, -1),  # counterclockwise: what is at the right goes up
    ],
)
def test_a_pose_turns_the_way_that_it_says(
    pose: tuple[float, float, float], point: object, axis: int, sign: int
) -> None:
    moved = rotation(*pose) @ point - point
    assert np.sign(moved[axis]) == sign
    assert abs(moved[axis]) == pytest.approx(np.sin(np.radians(10)))


def test_it_is_a_rotation() -> None:
    turned = rotation(8, -5, 3)
    np.testing.assert_allclose(turned @ turned.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(turned) == pytest.approx(1)
    np.testing.assert_array_equal(rotation(0, 0, 0), np.eye(3))
