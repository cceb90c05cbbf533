"""The alpha of a person before no background moves with the picture."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync.animation.puppet import Puppet
from tests.animation.puppet.acting import Actor, same, track

TURNED = [8.0, 5.0, -3.0, 0.04, 0.02]


def cut_out(actor: Actor) -> tuple[Puppet, NDArray[np.uint8]]:
    """The puppet with an alpha that is its own luma: where the picture goes, the alpha goes too."""
    luma = next(actor.puppet.frames(track())).y
    soft = np.asarray(cv2.GaussianBlur(luma, (0, 0), 3), np.uint8)
    return Puppet(replace(actor.portrait, picture=np.dstack([soft] * 3), alpha=soft), actor.rig), soft


def test_at_rest_the_alpha_is_the_portraits(hopper: Actor) -> None:
    puppet, alpha = cut_out(hopper)
    for frame in puppet.frames(track(2)):
        assert frame.alpha is not None
        assert np.array_equal(frame.alpha, alpha)


def test_the_alpha_moves_with_the_picture(hopper: Actor) -> None:
    puppet, alpha = cut_out(hopper)
    (frame,) = puppet.frames(track(pose=TURNED, torso=[0.02, 0.02, 0.5]))
    assert frame.alpha is not None
    # From limited luma back to the values of the picture.
    seen = (frame.y.astype(np.float32) - 16) * 255 / 219
    moved = np.abs(frame.alpha.astype(int) - alpha)
    assert (moved > 8).mean() > 0.05
    different = np.abs(seen - frame.alpha)
    assert np.quantile(different, 0.98) < 4, "but for lids and mouth, which are painted"


def test_a_frame_is_the_callers_own(hopper: Actor) -> None:
    puppet, alpha = cut_out(hopper)
    for pose in (0.0, TURNED):
        (frame,) = puppet.frames(track(pose=pose))
        assert frame.alpha is not None
        frame.alpha[:] = 0
    (after,) = puppet.frames(track())
    assert after.alpha is not None
    assert np.array_equal(after.alpha, alpha)


def test_the_colours_of_a_frame_do_not_depend_on_the_alpha(hopper: Actor) -> None:
    alpha = np.full(hopper.portrait.picture.shape[:2], 255, np.uint8)
    puppet = Puppet(replace(hopper.portrait, alpha=alpha), hopper.rig)
    moves = track(pose=TURNED)
    (opaque,), (frame,) = hopper.puppet.frames(moves), puppet.frames(moves)
    assert opaque.alpha is None
    assert frame.alpha is not None
    assert frame.alpha.min() == 255
    assert same(opaque, frame)
