"""Where a head's points go."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from lipsync.animation.puppet.head.head import Head
from tests.animation.puppet.acting import Actor

NOSE, CHIN = 4, 152
STILL = np.zeros(3, np.float32)


def pose(yaw: float = 0, pitch: float = 0, roll: float = 0, right: float = 0, down: float = 0) -> NDArray[np.float32]:
    return np.array([yaw, pitch, roll, right, down], np.float32)


def moved_at(head: Head, taken: NDArray[np.float32], point: NDArray[np.floating]) -> NDArray[np.float32]:
    """(2,) pixels that a point moves, in eye distances."""
    return head.at(head.displacement(taken, STILL), point[None])[0] / np.float32(head.unit)


def test_at_rest_nothing_moves(actor: Actor) -> None:
    head = actor.rig.head
    np.testing.assert_allclose(head.displacement(pose(), STILL), 0, atol=1e-9)
    np.testing.assert_array_equal(head.invert(np.zeros_like(head.nodes)), head.nodes)


def test_the_nose_leads_where_the_head_turns(actor: Actor) -> None:
    head, nose = actor.rig.head, actor.portrait.landmarks[NOSE, :2].astype(np.float64)
    assert moved_at(head, pose(yaw=5), nose)[0] > 0.05
    assert moved_at(head, pose(yaw=-5), nose)[0] < -0.05
    assert moved_at(head, pose(pitch=5), nose)[1] < -0.04
    np.testing.assert_allclose(moved_at(head, pose(right=0.05, down=-0.03), nose), [0.05, -0.03], atol=1e-3)


def test_a_turn_hardly_moves_the_outline(actor: Actor) -> None:
    """Else the background beside the hair would follow."""
    head = actor.rig.head
    rim = (head.weight > 0.05) & (head.weight < 0.5) & (head.nodes[..., 1] < actor.portrait.landmarks[NOSE, 1])
    turned = np.linalg.norm(head.displacement(pose(yaw=6), STILL), axis=-1)

    nose = np.linalg.norm(moved_at(head, pose(yaw=6), actor.portrait.landmarks[NOSE, :2].astype(np.float64)))
    assert turned[rim].mean() / head.unit < 0.15 * nose


def test_the_inverse_undoes_the_displacement(actor: Actor) -> None:
    head = actor.rig.head
    moved = head.displacement(pose(6, -4, 2, 0.02, 0.01), np.array([0.01, 0.01, 0.3], np.float32))
    places = head.invert(moved)
    there = cv2.remap(moved, head.lattice.to_cells(places), None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    error = np.linalg.norm(places + there - head.nodes, axis=-1)

    assert np.percentile(error, 99) < 0.004 * head.unit
    assert error.max() < 0.03 * head.unit


def test_the_affine_is_the_displacement_near_a_point(actor: Actor) -> None:
    head, taken = actor.rig.head, pose(4, 3, -2, 0.02, 0.01)
    mouth = actor.portrait.landmarks[[13, 14], :2].mean(0).astype(np.float64)
    affine = head.affine(taken, head.surface(mouth))
    for offset in ([0.0, 0.0], [0.1, 0.0], [0.0, 0.08]):
        point = mouth + np.array(offset) * head.unit
        np.testing.assert_allclose(
            affine[:, :2] @ point + affine[:, 2], moved_at(head, taken, point) * head.unit, atol=0.03 * head.unit
        )


def test_a_torso_moves_the_shoulders_and_not_the_face(actor: Actor) -> None:
    head = actor.rig.head
    moved = np.linalg.norm(head.displacement(pose(), np.array([0.05, 0.02, 1], np.float32)), axis=-1) / head.unit
    points = actor.portrait.landmarks
    face = head.at(moved, points[[NOSE, 10, 33, 263], :2].astype(np.float64))
    shoulders = moved[head.nodes[..., 1] > points[CHIN, 1] + 0.8 * head.unit]

    assert face.max() < 0.002
    assert shoulders.max() > 0.04


@pytest.mark.parametrize("roll", [-4.0, 4.0])
def test_a_tilt_is_about_the_neck(actor: Actor, roll: float) -> None:
    head = actor.rig.head
    crown = actor.portrait.landmarks[10, :2].astype(np.float64)
    moved = moved_at(head, pose(roll=roll), crown)
    assert np.sign(moved[0]) == -np.sign(roll)  # counterclockwise: the crown goes to the left
    assert np.linalg.norm(head.at(head.displacement(pose(roll=roll), STILL), head.pivot[None])[0]) < 0.04 * head.unit
