"""The 3D head that the package ships."""

from __future__ import annotations

import numpy as np
import pytest

from lipsync.animation.body_motion.preset_library import PresetLibrary
from lipsync.animation.head_model.head_file import HEAD_FILE
from lipsync.animation.head_model.mouth_parts import PARTS, load_mouth_parts
from lipsync.animation.head_model.skeleton import NAMES
from lipsync.animation.head_model.viseme_targets import viseme_units
from lipsync.animation.oculus_visemes import OCULUS_NAMES
from lipsync.animation.types import ARKIT_NAMES
from tests.helpers.glb import Glb

MILLIMETRE = 1e-3


@pytest.fixture(scope="module")
def head() -> Glb:
    return Glb(HEAD_FILE.read_bytes())


def test_it_is_small_enough_for_a_telephone() -> None:
    assert HEAD_FILE.stat().st_size < 1_500_000


def test_the_face_has_every_target(head: Glb) -> None:
    assert head.mesh("Face")["extras"]["targetNames"] == [*ARKIT_NAMES, *OCULUS_NAMES]


def test_it_is_what_the_script_of_today_makes(head: Glb) -> None:
    """The visemes are those of the tables as they are now: otherwise run `python -m tools.head_model`."""
    still = head.positions("Face")
    moved = {name: head.positions("Face", **{name: 1.0}) - still for name in ARKIT_NAMES}
    for viseme, units in viseme_units().items():
        mixed = sum((moved[name] * weight for name, weight in units.items()), np.zeros_like(still))
        np.testing.assert_allclose(head.positions("Face", **{viseme: 1.0}) - still, mixed, atol=0.3 * MILLIMETRE)


def test_its_bones_are_those_of_both_heads(head: Glb) -> None:
    joints = [head.document["nodes"][index]["name"] for index in head.document["skins"][0]["joints"]]
    assert joints == [*NAMES]


def test_jaw_and_teeth_and_tongue_move_together(head: Glb) -> None:
    drop = {
        name: (head.positions(name) - head.positions(name, jawOpen=1.0))[:, 1].max()
        for name in ("Face", "TeethLower", "Tongue")
    }
    assert min(drop.values()) > 20 * MILLIMETRE
    assert "jawOpen" not in head.mesh("TeethUpper").get("extras", {}).get("targetNames", [])


def test_the_motions_play_on_it(head: Glb) -> None:
    library = PresetLibrary()
    arms_below = {"LeftForeArm", "RightForeArm", "LeftHand", "RightHand"}
    names = {node["name"] for node in head.document["nodes"]} | arms_below
    for motion in library.presets().values():
        assert {bone for frame in motion.keyframes for bone in frame.bone_rotations} <= names


def test_teeth_and_tongue_for_portraits_are_there() -> None:
    parts = load_mouth_parts()
    assert [*parts] == [*PARTS]
    upper, lower = parts["TeethUpper"].points, parts["TeethLower"].points
    assert upper[:, 1].mean() > lower[:, 1].mean()
    assert (parts["Tongue"].targets["jawOpen"][:, 1] < 0).any()
    assert 0.4 < np.ptp(upper[:, 0]) < 0.8  # of the distance between the outer corners of the eyes
