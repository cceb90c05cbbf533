"""The 3D model of a portrait: complete, shut where it should be, and like the puppet."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from lipsync.animation.head_model.face_topology import face_topology
from lipsync.animation.head_model.glb import write_glb
from lipsync.animation.head_model.model_space import EYE_DISTANCE
from lipsync.animation.head_model.portrait_model import portrait_model
from lipsync.animation.oculus_visemes import OCULUS_NAMES
from lipsync.animation.types import ARKIT_NAMES
from lipsync.face.finder import FaceFinder
from lipsync.face.topology import LOWER_LIP, UPPER_LIP
from tests.animation.puppet.acting import Actor, cast, read_avatar, track
from tests.helpers.glb import Glb

pytestmark = pytest.mark.slow

MILLIMETRE = 1e-3
INNER = [*range(1, 10)]
"""Places of the inner lips' points that are not the corners."""


def gaps(glb: Glb, **weights: float) -> np.ndarray:
    """(9,) metres between the inner lips."""
    places = glb.positions("Face", **weights)
    upper, lower = (places[[rings[3][k] for k in INNER]] for rings in (UPPER_LIP, LOWER_LIP))
    return np.asarray(upper[:, 1] - lower[:, 1])


def test_the_face_has_every_target(hopper_glb: Glb) -> None:
    assert hopper_glb.mesh("Face")["extras"]["targetNames"] == [*ARKIT_NAMES, *OCULUS_NAMES]


@pytest.mark.parametrize(
    "weights", [{}, {"viseme_PP": 1.0}, {"jawOpen": 1.0, "mouthClose": 1.0}, {"jawOpen": 0.4, "mouthClose": 0.4}]
)
def test_the_lips_are_shut(hopper_glb: Glb, weights: dict[str, float]) -> None:
    assert np.abs(gaps(hopper_glb, **weights)).max() < 0.2 * MILLIMETRE


@pytest.mark.parametrize(("viseme", "low", "high"), [("aa", 8, 25), ("E", 7, 25), ("O", 7, 25), ("FF", 0.5, 4)])
def test_vowels_open_the_mouth(hopper_glb: Glb, viseme: str, low: float, high: float) -> None:
    assert low < gaps(hopper_glb, **{f"viseme_{viseme}": 1.0}).max() / MILLIMETRE < high


def test_it_opens_as_the_puppet_does(hopper: Actor, hopper_glb: Glb) -> None:
    weights = np.zeros((1, 52), np.float32)
    weights[0, ARKIT_NAMES.index("jawOpen")] = 0.5
    motion = hopper.rig.motion
    opening = (
        float(motion.openings(track(weights=weights))[0]) * motion.seen_eye_distance / hopper.portrait.head.scale
    )
    assert gaps(hopper_glb, jawOpen=0.5)[3:6].mean() == pytest.approx(opening * EYE_DISTANCE, rel=0.1)


def test_eyes_are_where_the_shipped_head_has_them(hopper_glb: Glb) -> None:
    nodes = hopper_glb.document["nodes"]
    parents = {child: index for index, node in enumerate(nodes) for child in node.get("children", [])}

    def place(name: str) -> np.ndarray:
        index = next(index for index, node in enumerate(nodes) if node["name"] == name)
        total = np.zeros(3)
        while index is not None:
            total, index = total + nodes[index]["translation"], parents.get(index)
        return total

    left, right = place("LeftEye"), place("RightEye")
    np.testing.assert_allclose((left + right) / 2, [0, 1.486, 0.11], atol=1e-4)
    assert 0.045 < left[0] - right[0] < 0.075


def test_shut_lids_cover_the_eyes(hopper_glb: Glb) -> None:
    for side, name in enumerate(("Right", "Left")):
        loop = list(face_topology(open_eyes=True).eye_loops[side])
        lower = hopper_glb.positions("Face")[loop[len(loop) // 2 :]]
        edge = hopper_glb.positions(f"{name}Eyelid", **{f"eyeBlink{name}": 1.0})
        assert edge[:, 1].min() <= lower[:, 1].min() + 0.5 * MILLIMETRE
        eyeball = hopper_glb.positions(f"{name}Eyeball")
        middle = np.abs(eyeball[:, 0] - edge[:, 0].mean()).argmin()
        assert edge[:, 2].max() > eyeball[middle, 2]


def test_no_triangle_of_the_face_is_turned_over(hopper_glb: Glb) -> None:
    """Seen from the front; a few in the far cheek of a turned head may be."""
    for weights in ({}, {"viseme_aa": 1.0}, {"viseme_O": 1.0}, {"jawOpen": 1.0}):
        places = hopper_glb.positions("Face", **weights)
        primitive = hopper_glb.mesh("Face")["primitives"][0]
        a, b, c = places[hopper_glb.values(primitive["indices"]).astype(int).reshape(-1, 3).T]
        across, along = (b - a)[:, :2], (c - a)[:, :2]
        areas = across[:, 0] * along[:, 1] - across[:, 1] * along[:, 0]
        assert (areas < -1e-8).mean() < 0.02, weights


def test_a_portrait_that_does_not_blink_keeps_its_eyes(hopper: Actor) -> None:
    model = portrait_model(hopper.portrait, replace(hopper.rig, eyelids=(), gaze=()))
    names = [mesh.name for mesh in model.meshes]
    assert names == ["Face", "Outline", "TeethUpper", "TeethLower", "Tongue", "Cavity"]
    face = model.meshes[0]
    assert not face.morphs["eyeBlinkLeft"].any()
    assert {"LeftEye", "RightEye"} <= {bone.name for bone in model.bones}


def test_the_same_portrait_gives_the_same_file(hopper: Actor, hopper_file: bytes) -> None:
    assert write_glb(portrait_model(hopper.portrait, hopper.rig)) == hopper_file


def test_it_is_small(hopper_file: bytes) -> None:
    assert len(hopper_file) < 800_000


def test_what_the_picture_cuts_off_of_a_face_is_not_smeared_over_it() -> None:
    cut = cast(FaceFinder(), read_avatar("hopper")[180:, 150:])
    assert cut.portrait.landmarks[10, 1] < 0  # the forehead is above the picture
    solid, fading = portrait_model(cut.portrait, cut.rig).meshes[:2]
    assert solid.texture_coordinates is not None
    assert solid.texture_coordinates.min() > 0
    assert solid.texture_coordinates.max() < 1
    assert fading.texture_coordinates is not None
    assert fading.colours is not None
    beyond = fading.texture_coordinates[:, 1] < 0
    assert beyond.any()
    assert (fading.colours[beyond, 3] == 0).all()


def holes(glb: Glb, **weights: float) -> int:
    """Pixels of half a millimetre, inside the silhouette from the front, that no surface covers."""
    covered = np.zeros((900, 1000), np.uint8)
    for mesh in glb.document["meshes"]:
        places = glb.positions(mesh["name"], **weights)[:, :2]
        pixels = ((places * [1, -1] + [0.25, 1.70]) / 0.0005).astype(np.int32)
        triangles = glb.values(mesh["primitives"][0]["indices"]).astype(int).reshape(-1, 3)
        for triangle in pixels[triangles]:
            cv2.fillConvexPoly(covered, triangle, 1)
    outside = np.pad(1 - covered, 1, constant_values=1)
    _, regions = cv2.connectedComponents(outside)
    return int(((regions != regions[0, 0]) & (outside > 0)).sum())


@pytest.mark.parametrize(
    "weights",
    [{}, {"viseme_aa": 1.0}, {"viseme_O": 1.0}, {"jawOpen": 1.0}, {"eyeBlinkLeft": 1.0, "browInnerUp": 1.0}],
)
def test_there_are_no_holes(hopper_glb: Glb, weights: dict[str, float]) -> None:
    assert holes(hopper_glb, **weights) == 0


def test_a_hole_would_be_noticed(hopper: Actor) -> None:
    model = portrait_model(hopper.portrait, hopper.rig)
    without = replace(model, meshes=tuple(mesh for mesh in model.meshes if mesh.name != "LeftEyeball"))
    assert holes(Glb(write_glb(without))) > 300
