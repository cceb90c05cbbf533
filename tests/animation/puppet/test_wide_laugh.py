"""A wide laugh shuts without a frown, and without what the warp would fetch from its inside."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lipsync.animation.puppet.curves import sample
from lipsync.animation.puppet.face_warp import plan_warp
from lipsync.animation.puppet.frame_map import FrameMap
from lipsync.animation.puppet.mouth import _MAX_ARCH, _closing
from lipsync.face.topology import LOWER_LIP, UPPER_LIP
from tests.animation.puppet.acting import Actor
from tests.animation.puppet.drawn_mouth import ALONG, DOWN, EYES, lip_points


def test_lips_shut_no_higher_than_a_little_above_their_corners() -> None:
    points = lip_points()
    across = np.linspace(-1, 1, 11)
    arch = 14 * (1 - across**2)  # 0.09 eye distances, of a gap of 0.25
    upper, lower = points[list(UPPER_LIP[3])].copy(), points[list(LOWER_LIP[3])].copy()
    upper[:, 1] -= arch
    lower[:, 1] += 24 * (1 - across**2)
    jaw_open = np.zeros_like(points)
    jaw_open[:] = (0, 30)

    closing = _closing(points, upper, lower, ALONG, DOWN, EYES, 0.25, jaw_open)

    shut_upper = upper[1:-1] + closing[list(UPPER_LIP[3][1:-1])]
    shut_lower = lower[1:-1] + closing[list(LOWER_LIP[3][1:-1])]
    np.testing.assert_allclose(shut_upper, shut_lower, atol=1e-6)
    above = 120 - shut_upper[:, 1].min()
    assert above <= _MAX_ARCH * EYES + 1e-6
    # The outer edge of the upper lip comes along: the lip is not drawn out to several times its height.
    outer = closing[UPPER_LIP[0][5], 1]
    assert outer > 0.7 * closing[UPPER_LIP[3][5], 1]


def test_a_field_that_changes_by_more_than_a_pixel_a_pixel_is_inverted(hopper: Actor) -> None:
    rig = hopper.rig
    mapper = FrameMap(replace(rig, warp=plan_warp(rig.motion, (0, 0, *hopper.puppet.size))), hopper.puppet.size)
    rows, columns = mapper._cells.shape[:2]
    y = np.arange(rows, dtype=np.float32)[:, None]
    down = np.where(y < rows / 2, 1.4 * np.maximum(y - rows / 4, 0), 1.4 * rows / 4) * np.ones((1, columns))
    down[:, [0, -1]] = 0
    field = np.dstack([np.zeros_like(down), down]).astype(np.float32)

    backward = mapper._invert(field) / mapper._rig.warp.lattice.step

    places = mapper._cells + backward
    middle = places[:, columns // 2]
    there = middle + sample(field, middle[:, None])[:, 0]
    inside = there[:, 1] < 0.6 * rows
    error = np.abs(there - mapper._cells[:, columns // 2])[inside & (middle[:, 1] > 0)]
    assert error.max() < 0.1
