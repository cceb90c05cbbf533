"""The corners of a mouth are moved to where its inside ends."""

from __future__ import annotations

import numpy as np
import pytest

from lipsync.animation.puppet.corners import MAX_SHIFT, extend_corners, move_corners
from lipsync.face.topology import INNER_CORNERS
from tests.animation.puppet.drawn_mouth import (
    ALONG,
    DARK,
    DOWN,
    EYES,
    TOOTH,
    Colour,
    Picture,
    draw_gap,
    draw_lips,
    lip_points,
    photograph,
)


def shifts(picture: Picture, inner_half_width: float) -> tuple[float, float]:
    """Pixels by which the right and the left inner corner go outwards."""
    before = lip_points(inner_half_width)
    after = before.copy()
    move_corners(photograph(picture), after, ALONG, DOWN, EYES)
    right, left = ((after - before)[corner] @ ALONG for corner in INNER_CORNERS)
    return -float(right), float(left)


@pytest.mark.parametrize("colour", [DARK, TOOTH], ids=["dark", "teeth"])
def test_corners_follow_what_is_open_beyond_them(colour: Colour) -> None:
    picture = draw_gap(draw_lips(), colour, 16, half_width=50)
    for shift in shifts(picture, 42):
        assert shift == pytest.approx(7, abs=3)


def test_corners_are_not_moved_further_than_allowed() -> None:
    picture = draw_gap(draw_lips(), DARK, 10, half_width=110)
    for shift in shifts(picture, 42):
        assert shift == pytest.approx(MAX_SHIFT * EYES, rel=0.05)


def test_corners_of_plain_skin_stay() -> None:
    plain = np.full((240, 240, 3), (205, 160, 140), np.uint8)
    assert shifts(plain, 42) == (0, 0)


def test_corners_of_an_open_mouth_go_a_little_further() -> None:
    before = lip_points(42)
    after = before.copy()

    extend_corners(after, ALONG, EYES)

    right, left = ((after - before)[corner] for corner in INNER_CORNERS)
    np.testing.assert_allclose(right, [-0.02 * EYES, 0])
    np.testing.assert_allclose(left, [0.02 * EYES, 0])
