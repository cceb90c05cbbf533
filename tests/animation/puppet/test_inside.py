"""What is seen between the lips: upper teeth that stay with the head, lower teeth and a tongue that move."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from lipsync.animation.puppet import Puppet
from lipsync.animation.types import FaceTrack
from tests.animation.puppet.acting import Actor, changed, track, units


def seen(actor: Actor, layer: str, moves: FaceTrack) -> list[NDArray[np.intp]]:
    """The rows, by frame, in which a layer shows in the middle of the mouth."""
    inside = actor.rig.interior
    absent = replace(inside, **{layer: np.zeros_like(getattr(inside, layer))})
    without = Puppet(actor.portrait, replace(actor.rig, interior=absent))
    middle = int(actor.rig.motion.mouth.upper[40, 0])
    shown = []
    for frame, other in zip(actor.puppet.frames(moves), without.frames(moves), strict=True):
        assert changed(frame, other).any()
        gone = np.abs(frame.y.astype(int) - other.y)[:, middle - 2 : middle + 3].max(1)
        shown.append(np.flatnonzero(gone > 6))
    return shown


def test_upper_teeth_stay_when_the_jaw_falls(actor: Actor) -> None:
    narrow, wide = seen(actor, "upper_teeth", track(2, weights=units(jawOpen=np.array([0.35, 0.7]))))
    millimetre = actor.rig.interior.millimetre
    assert narrow[-1] == pytest.approx(wide[-1], abs=max(1.0, 0.5 * millimetre))
    # and their edge is a few millimetres below where the lips meet
    meet = actor.rig.motion.mouth.upper[40, 1]
    assert 1.5 * millimetre < wide[-1] - meet < 6 * millimetre


def test_lower_teeth_fall_with_the_jaw(actor: Actor) -> None:
    bared = {"mouthLowerDownLeft": 1.0, "mouthLowerDownRight": 1.0}
    narrow, wide = seen(actor, "lower_teeth", track(2, weights=units(jawOpen=np.array([0.3, 0.6]), **bared)))
    fall = 0.3 * float(actor.rig.interior.jaw_path[1])
    assert fall > 8
    assert wide[0] - narrow[0] == pytest.approx(fall, abs=max(2.0, 1.5 * actor.rig.interior.millimetre))


def test_a_raised_tongue_is_higher(actor: Actor) -> None:
    low, high = seen(actor, "tongue", track(2, weights=units(jawOpen=0.5), tongue=[0, 1]))
    assert high[0] < low[0] - 2 * actor.rig.interior.millimetre


def test_teeth_go_with_the_head(actor: Actor) -> None:
    moves = track(2, weights=units(jawOpen=0.5), pose=[[0, 0, 0, 0, 0], [0, 0, 0, 0, 0.05]])
    still, moved = seen(actor, "upper_teeth", moves)
    down = 0.05 * actor.rig.motion.eye_distance
    assert moved[-1] - still[-1] == pytest.approx(down, abs=1.5)


def test_shut_lips_have_no_teeth_of_their_own(actor: Actor) -> None:
    assert actor.rig.interior.own_teeth.shape == (0, 0, 4)
