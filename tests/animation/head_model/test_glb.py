"""A model of three vertices, written and read again."""

from __future__ import annotations

import numpy as np

from lipsync.animation.head_model.glb import write_glb
from lipsync.animation.head_model.model import Bone, HeadModel, Material, Mesh
from tests.helpers.glb import Glb

BONES = (Bone("Hips", -1, (0.0, 1.0, 0.0)), Bone("Head", 0, (0.0, 1.5, 0.1), (0.0, 0.0, 0.6, 0.8)))
PICTURE = b"\xff\xd8 no true picture"


def triangle(**more: object) -> Mesh:
    fields = {
        "name": "Face",
        "material": Material("Skin", texture=PICTURE),
        "positions": np.float32([[0, 1.5, 0], [0.1, 1.5, 0], [0, 1.6, 0]]),
        "triangles": np.array([[0, 1, 2]]),
        "joints": np.tile([1, 0, 0, 0], (3, 1)),
        "weights": np.float32([[1, 0, 0, 0], [0.5, 0.5, 0, 0], [0.3, 0.3, 0.4, 0]]),
        "texture_coordinates": np.float32([[0, 0], [1, 0], [0, 1]]),
        "morphs": {"up": np.float32([[0, 0, 0], [0, 0.02, 0], [0, 0, 0]]), "none": np.zeros((3, 3), np.float32)},
    }
    return Mesh(**{**fields, **more})


def test_what_is_written_is_what_is_read() -> None:
    mesh = triangle()
    glb = Glb(write_glb(HeadModel(BONES, (mesh,), "CC0")))
    assert glb.document["asset"]["copyright"] == "CC0"
    np.testing.assert_allclose(glb.positions("Face"), mesh.positions)
    moved = glb.positions("Face", up=0.5) - glb.positions("Face")
    np.testing.assert_allclose(moved, 0.5 * mesh.morphs["up"], atol=2e-5)
    np.testing.assert_array_equal(glb.positions("Face", none=1.0), glb.positions("Face"))
    attributes = glb.mesh("Face")["primitives"][0]["attributes"]
    np.testing.assert_allclose(glb.values(attributes["WEIGHTS_0"]).sum(1), 1.0)
    np.testing.assert_allclose(glb.values(attributes["WEIGHTS_0"]), mesh.weights, atol=0.005)
    np.testing.assert_allclose(glb.values(attributes["TEXCOORD_0"]), mesh.texture_coordinates)
    indices = glb.values(glb.mesh("Face")["primitives"][0]["indices"])
    assert indices.ravel().tolist() == [0, 1, 2]


def test_bones_stand_relative_to_their_parents_and_the_skin_undoes_them() -> None:
    glb = Glb(write_glb(HeadModel(BONES, (triangle(),))))
    head = glb.node("Head")
    np.testing.assert_allclose(head["translation"], [0, 0.5, 0.1], atol=1e-6)
    assert head["rotation"] == [0.0, 0.0, 0.6, 0.8]
    assert glb.node("Hips")["children"] == [glb.document["skins"][0]["joints"][1]]
    matrices = glb.values(glb.document["skins"][0]["inverseBindMatrices"]).reshape(2, 4, 4)
    for bone, matrix in zip(BONES, matrices, strict=True):
        np.testing.assert_allclose(np.array([*bone.position, 1]) @ matrix, [0, 0, 0, 1], atol=1e-6)


def test_a_picture_that_two_materials_have_is_written_once() -> None:
    fading = triangle(name="Rim", material=Material("Rim", texture=PICTURE, blend=True, unlit=True))
    glb = Glb(write_glb(HeadModel(BONES, (triangle(), fading))))
    assert len(glb.document["images"]) == 1
    assert [material.get("alphaMode") for material in glb.document["materials"]] == [None, "BLEND"]
    assert glb.document["extensionsUsed"] == ["KHR_mesh_quantization", "KHR_materials_unlit"]


def test_a_target_holds_the_vertices_alone_that_it_moves() -> None:
    glb = Glb(write_glb(HeadModel(BONES, (triangle(),))))
    up, none = (
        glb.document["accessors"][target["POSITION"]] for target in glb.mesh("Face")["primitives"][0]["targets"]
    )
    assert up["sparse"]["count"] == 1
    assert "sparse" not in none
    assert "bufferView" not in none
