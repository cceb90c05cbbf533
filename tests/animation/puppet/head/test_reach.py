"""Limits of a pose."""

from __future__ import annotations

import numpy as np
import pytest

from lipsync.animation.puppet.head.reach import (
    MAX_PITCH,
    MAX_ROLL,
    MAX_STRETCH,
    MAX_YAW,
    limit_pose,
    measure_reach,
    soft_limit,
)
from tests.animation.puppet.acting import Actor


def test_a_flat_head_turns_as_far_as_any_may() -> None:
    reach = measure_reach(np.zeros((20, 20), np.float32), np.ones((20, 20), np.float32), 4.0)
    np.testing.assert_allclose(reach, [MAX_YAW, MAX_YAW, MAX_PITCH, MAX_PITCH])


def test_depth_that_rises_to_the_right_limits_the_turn_to_the_right() -> None:
    slope = 5.0  # pixels towards the viewer for each pixel to the right
    depth = np.tile(np.arange(30, dtype=np.float32) * slope * 2, (30, 1))
    left, right, down, up = measure_reach(depth, np.ones_like(depth), 2.0)

    assert np.sin(np.radians(right)) * slope == pytest.approx(MAX_STRETCH, rel=1e-5)
    assert (left, down, up) == (MAX_YAW, MAX_PITCH, MAX_PITCH)


def test_every_avatar_turns_visibly(actor: Actor) -> None:
    assert (actor.rig.head.reach >= 4).all()
    assert (actor.rig.head.reach <= [MAX_YAW, MAX_YAW, MAX_PITCH, MAX_PITCH]).all()


def test_small_poses_are_drawn_as_they_are_meant_and_none_goes_too_far() -> None:
    reach = np.array([5, 10, 8, 8], np.float32)
    small = np.array([2.9, -4.7, 2.6, 0.1, -0.1], np.float32)
    np.testing.assert_array_equal(limit_pose(small, reach), small)

    large = limit_pose(np.array([-90, 90, 90, 0.5, 0.5], np.float32), reach)
    assert -5.001 < large[0] < -4.9
    assert 7.9 < large[1] < 8.001
    assert MAX_ROLL - 0.1 < large[2] < MAX_ROLL + 0.001
    np.testing.assert_array_equal(large[3:], [0.5, 0.5])


def test_the_limit_has_no_corner() -> None:
    angles = np.linspace(-20, 20, 4001)
    limited = np.array([soft_limit(float(angle), 10.0) for angle in angles])
    speed = np.diff(limited) / np.diff(angles)

    assert (speed >= 0).all()
    assert (speed <= 1 + 1e-9).all()
    assert np.abs(np.diff(speed)).max() < 0.01
    np.testing.assert_allclose(limited, -limited[::-1], atol=1e-9)
