from __future__ import annotations

import math

import pytest

from lipsync.animation.body_motion.quaternions import IDENTITY, degrees_between, from_degrees, multiply, slerp


def test_rotations_follow_each_other() -> None:
    assert multiply(from_degrees(0, 40, 0), from_degrees(0, 20, 0)) == pytest.approx(from_degrees(0, 60, 0))
    assert from_degrees(30, 0, 50) == pytest.approx(multiply(from_degrees(0, 0, 50), from_degrees(30, 0, 0)))


def test_slerp_goes_at_even_speed_by_the_shorter_way() -> None:
    turn = from_degrees(0, 90, 0)
    assert slerp(IDENTITY, turn, 1 / 3) == pytest.approx(from_degrees(0, 30, 0))
    x, y, z, w = turn
    assert degrees_between(slerp(IDENTITY, (-x, -y, -z, -w), 0.5), from_degrees(0, 45, 0)) < 1e-4
    assert slerp(turn, turn, 0.3) == pytest.approx(turn)
    assert math.hypot(*slerp(IDENTITY, from_degrees(179, 0, 0), 0.5)) == pytest.approx(1)


def test_the_angle_between_rotations() -> None:
    assert degrees_between(IDENTITY, from_degrees(0, 0, 25)) == pytest.approx(25)
    assert degrees_between(IDENTITY, IDENTITY) == 0
