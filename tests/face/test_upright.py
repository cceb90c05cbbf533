"""Portraits and frames are turned by whole quarters, and back, without changing a pixel."""

from __future__ import annotations

import numpy as np
import pytest

from lipsync.face.pose import load_basis
from lipsync.face.types import Portrait
from lipsync.face.upright import quarters_to_upright, turn_frame, turn_portrait
from lipsync.video.frame import frame_of

FLIP = np.array([1.0, -1.0, -1.0])


def tilted(degrees: float) -> Portrait:
    """A face of the basis, tilted counterclockwise, in a picture of 60x40 pixels with an alpha."""
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    landmarks = (load_basis().points @ turn.T * 10 * FLIP + [30, 20, 0]).astype(np.float32)
    picture = np.random.default_rng(1).integers(0, 256, (40, 60, 3), np.uint8)
    return Portrait(picture, landmarks, (20.0, 10.0, 50.0, 30.0), 10.0, "key", picture[..., 0].copy())


@pytest.mark.parametrize("degrees", [0, 40, 90, -90, 130, 180, -140])
def test_a_turned_portrait_is_within_45_degrees_of_upright(degrees: float) -> None:
    portrait = tilted(degrees)
    turned = turn_portrait(portrait, quarters_to_upright(portrait))
    assert abs(turned.head.roll) < 45
    assert quarters_to_upright(turned) == 0


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_landmarks_and_box_stay_on_their_pixels(quarters: int) -> None:
    portrait = tilted(0)
    portrait.landmarks[0, :2] = 7, 11  # x, y
    turned = turn_portrait(portrait, quarters)
    x, y = turned.landmarks[0, :2].astype(int)
    assert (turned.picture[y, x] == portrait.picture[11, 7]).all()
    x0, y0, x1, y1 = (int(side) for side in turned.box)
    assert turned.alpha is not None
    assert portrait.alpha is not None
    expected = np.rot90(portrait.alpha[10:30, 20:50], quarters)
    assert (turned.alpha[y0:y1, x0:x1] == expected).all()
    back = turn_portrait(turned, -quarters)
    np.testing.assert_allclose(back.landmarks, portrait.landmarks, atol=1e-5)
    assert (back.box, back.picture.tobytes()) == (portrait.box, portrait.picture.tobytes())


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_a_frame_turned_back_is_that_of_the_picture(quarters: int) -> None:
    portrait = tilted(0)
    turned = turn_portrait(portrait, quarters)
    back = turn_frame(frame_of(turned.picture, turned.alpha), -quarters)
    still = frame_of(portrait.picture, portrait.alpha)
    assert (back.y == still.y).all()
    assert np.abs(back.uv.astype(int) - still.uv).max() <= 1, "means of four are rounded from another corner"
    assert back.alpha is not None
    assert (back.alpha == portrait.alpha).all()
