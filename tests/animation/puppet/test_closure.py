"""Lips shut exactly where the track says so, and open as it says, round."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from lipsync.animation.puppet.motion import BITE_GAP
from lipsync.animation.types import FaceTrack
from lipsync.animation.visemes import VISEMES
from lipsync.face.topology import INNER_CORNERS, LOWER_LIP, UPPER_LIP
from tests.animation.puppet.acting import Actor, changed, every_viseme, same, track, units, viseme


def gaps(actor: Actor, moves: FaceTrack) -> NDArray[np.float64]:
    """(T, 11) pixels between the inner lips' points."""
    motion = actor.rig.motion
    points = motion.mouth.points + motion.displacements(moves)
    return np.asarray((points[:, list(LOWER_LIP[3])] - points[:, list(UPPER_LIP[3])]) @ motion.mouth.down)


def test_sealed_lips_touch_under_every_mouth_shape(actor: Actor) -> None:
    sealed = every_viseme(seal=1, tongue=1)

    assert actor.puppet.openings(sealed).max() == 0
    np.testing.assert_allclose(gaps(actor, sealed), 0, atol=1e-3)


@pytest.mark.slow
def test_nothing_of_the_inside_is_painted_between_sealed_lips(actor: Actor) -> None:
    recoloured = actor.inside_recoloured()
    for name, frame, other in zip(
        VISEMES,
        actor.puppet.frames(every_viseme(seal=1)),
        recoloured.frames(every_viseme(seal=1)),
        strict=True,
    ):
        assert same(frame, other), name


def test_the_inside_is_painted_where_lips_are_apart(actor: Actor) -> None:
    recoloured = actor.inside_recoloured()
    meant = actor.puppet.openings(every_viseme())
    unit = actor.rig.motion.seen_eye_distance
    assert (meant > 0.03).sum() == len(VISEMES) - 2  # all but rest and PP
    for opening, frame, other in zip(
        meant, actor.puppet.frames(every_viseme()), recoloured.frames(every_viseme()), strict=True
    ):
        inside = changed(frame, other)
        across = inside.any(0).sum()
        # between half of a box as high and as wide as the opening, and one with a soft edge around
        assert opening * unit * across * 0.5 <= inside.sum() <= (opening * unit + 6) * across


def test_a_seal_shuts_evenly(actor: Actor) -> None:
    for name in ("AA", "OO", "EE"):
        opening = actor.puppet.openings(track(21, weights=viseme(name), seal=np.linspace(0, 1, 21)))
        assert opening[0] > 0.1
        assert opening[-1] == 0
        np.testing.assert_allclose(opening, np.linspace(opening[0], 0, 21), atol=1e-4)


def test_the_opening_grows_with_the_jaw(actor: Actor) -> None:
    for other in (
        {},
        {"mouthFunnel": 0.5},
        {"mouthPucker": 0.8},
        {"mouthStretchLeft": 0.5, "mouthStretchRight": 0.5},
    ):
        opening = actor.puppet.openings(track(40, weights=units(jawOpen=np.linspace(0, 1, 40), **other)))
        assert (np.diff(opening) > 0.003).all()
    closed = actor.puppet.openings(track(40, weights=units(jawOpen=np.linspace(0, 1, 40)), seal=1))
    assert closed.max() == 0


def test_the_opening_of_a_jaw_is_37_millimetres(actor: Actor) -> None:
    """Of an eye distance of 90, as seen by a viewer from the front: a turn of the head foreshortens the eyes."""
    opening = actor.puppet.openings(track(weights=units(jawOpen=1)))
    assert opening == pytest.approx(37 / 90, rel=0.1)


def test_a_bitten_lip_is_at_the_teeth(actor: Actor) -> None:
    opening = actor.puppet.openings(every_viseme(bite=1))
    assert opening.max() <= BITE_GAP * 1.1
    half = actor.puppet.openings(track(weights=viseme("AA"), bite=0.5))
    assert BITE_GAP * 1.1 < half < actor.puppet.openings(track(weights=viseme("AA")))


@pytest.mark.parametrize("name", ["AA", "OO", "UU", "CH", "RR"])
def test_an_open_mouth_is_round(actor: Actor, name: str) -> None:
    """Funnel and pucker alone give a V."""
    (profile,) = gaps(actor, track(weights=viseme(name)))
    profile /= profile.max()
    across = actor.rig.motion.across

    assert abs(across[profile.argmax()]) < 0.3
    np.testing.assert_allclose(profile[[0, -1]], 0, atol=0.02)
    for half in (profile[:6], profile[:4:-1]):
        assert (np.diff(half) > 0).all()
    ellipse = np.sqrt(np.clip(1 - across**2, 0, 1))
    straight = 1 - np.abs(across)
    assert (profile[1:-1] > (0.6 * ellipse + 0.4 * straight)[1:-1]).all()


def test_the_corners_stay_together(actor: Actor) -> None:
    motion = actor.rig.motion
    moved = motion.displacements(every_viseme(seal=0.3))
    assert np.isfinite(moved).all()
    assert np.abs(moved[:, list(INNER_CORNERS)]).max() < 0.2 * motion.eye_distance
