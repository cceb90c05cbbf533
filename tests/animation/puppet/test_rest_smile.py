"""A portrait's own smile is measured, and taken from what a mood adds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lipsync.animation.puppet.rest_smile import MAX_REST_SMILE, measure_rest_smile, remove_rest_smile
from lipsync.animation.types import ARKIT_NAMES
from lipsync.face.pose import load_basis
from lipsync.face.topology import MOUTH_CORNERS
from lipsync.face.types import Portrait
from tests.animation.puppet.acting import Actor, track, units

SMILE = ARKIT_NAMES.index("mouthSmileLeft")


def smiling_portrait(smile: float, jaw: float = 0.0) -> Portrait:
    basis = load_basis()
    moved = basis.points + jaw * basis.unit("jawOpen")
    moved = moved + smile * (basis.unit("mouthSmileLeft") + basis.unit("mouthSmileRight"))
    landmarks = (moved * 150 * [1, -1, -1] + [300, 300, 0]).astype(np.float32)
    return Portrait(np.zeros((600, 600, 3), np.uint8), landmarks, (0, 0, 600, 600), 150.0, "")


@pytest.mark.parametrize("smile", [0.0, 0.3, 0.6, 1.0])
def test_a_smile_is_measured_in_units_of_mouth_smile(smile: float) -> None:
    assert measure_rest_smile(smiling_portrait(smile)) == pytest.approx(smile, abs=0.06)


def test_frowns_are_none_and_the_broadest_smile_is_limited() -> None:
    assert measure_rest_smile(smiling_portrait(-0.8)) == 0
    assert measure_rest_smile(smiling_portrait(3.0)) == MAX_REST_SMILE


def removed(wanted: float, removal: float, rest: float) -> float:
    weights = units(mouthSmileLeft=[wanted], mouthSmileRight=[wanted])
    return float(remove_rest_smile(weights, np.array([removal], np.float32), rest)[0, SMILE])


def test_what_a_mood_adds_is_lessened_by_what_is_there() -> None:
    assert removed(0.6, 0.5, 0.4) == pytest.approx(0.4)
    assert removed(0.6, 0.0, 1.0) == pytest.approx(0.6)
    assert removed(0.6, 0.5, 0.0) == pytest.approx(0.6)


def test_a_happy_portrait_that_smiles_keeps_a_quarter() -> None:
    assert removed(0.6, 0.5, 1.2) == pytest.approx(0.15)


def test_without_a_wanted_smile_the_portrait_s_own_goes() -> None:
    assert removed(0.0, 0.6, 1.0) == pytest.approx(-0.6)


def test_between_moods_nothing_jumps() -> None:
    wanted = np.linspace(0, 0.6, 200)
    values = [removed(float(w), 0.55, 1.0) for w in wanted]
    assert np.abs(np.diff(values)).max() < 0.02


def test_other_units_and_the_track_itself_stay(actor: Actor) -> None:
    weights = units(mouthSmileLeft=[0.5], jawOpen=[0.4])
    before = weights.copy()
    after = remove_rest_smile(weights, np.ones(1, np.float32), 1.0)
    np.testing.assert_array_equal(weights, before)
    assert after[0, ARKIT_NAMES.index("jawOpen")] == np.float32(0.4)
    assert 0 <= actor.rig.motion.rest_smile < 0.5


def test_removal_lowers_the_corners_and_lips_stay_shut(actor: Actor) -> None:
    motion = replace(actor.rig.motion, rest_smile=1.0)
    still, sad = (motion.displacements(track(seal=1, smile_removal=removal))[0] for removal in (0, 0.6))
    corners = list(MOUTH_CORNERS)
    lowered = (sad - still)[corners] @ motion.mouth.down / motion.eye_distance
    assert (lowered > 0.01).all()
    assert motion.openings(track(seal=1, smile_removal=0.6)).max() == 0
