"""A face that lies on its side speaks like the same face upright."""

from __future__ import annotations

import numpy as np
import pytest

from lipsync.animation.puppet import Puppet
from lipsync.animation.puppet.prepare import prepare_rig
from lipsync.face.upright import turn_frame, turn_portrait
from tests.animation.puppet.acting import Actor, every_viseme, same


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_lying_face_is_drawn_like_the_upright_one(hopper: Actor, quarters: int) -> None:
    lying = Puppet(turn_portrait(hopper.portrait, quarters), hopper.rig)
    height, width = hopper.portrait.picture.shape[:2]
    assert lying.size == ((height, width) if quarters % 2 else (width, height))
    moves = every_viseme(pose=np.array([3, 2, 1, 0, 0], np.float32)).part(0, 4)
    for upright, frame in zip(hopper.puppet.frames(moves), lying.frames(moves), strict=True):
        assert same(turn_frame(frame, -quarters), upright)


def test_the_rig_of_a_lying_face_is_that_of_the_upright_one(hopper: Actor) -> None:
    rig = prepare_rig(turn_portrait(hopper.portrait, 1)).arrays()
    for name, array in hopper.rig.arrays().items():
        np.testing.assert_allclose(rig[name], array, atol=0.5, err_msg=name)
