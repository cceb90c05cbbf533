"""Where the motion of head and torso reaches."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from lipsync.animation.puppet.curves import sample
from lipsync.animation.puppet.head.person_mask import LONG_SIDE, segment_person
from lipsync.animation.puppet.head.weights import HeadWeights, plan_weights
from lipsync.face.topology import FACE_OVAL
from lipsync.face.types import Portrait
from tests.animation.puppet.acting import Actor


def of(weights: HeadWeights, layer: str, points: object) -> np.ndarray:
    return sample(getattr(weights, layer), np.asarray(points, np.float64) * weights.scale)


def test_a_face_is_the_person_and_the_far_corner_is_not(actor: Actor) -> None:
    person = segment_person(actor.portrait)
    assert max(person.mask.shape) <= LONG_SIDE
    oval = actor.portrait.landmarks[list(FACE_OVAL), :2]
    inside = oval.mean(0) + (oval - oval.mean(0)) * 0.9
    assert (sample(person.mask, inside * person.scale) == 1).all()
    assert person.mask[0, 0] == person.mask[0, -1] == 0
    assert cv2.connectedComponents(person.mask)[0] == 2


def test_the_same_picture_gives_the_same_mask(hopper: Actor) -> None:
    np.testing.assert_array_equal(segment_person(hopper.portrait).mask, segment_person(hopper.portrait).mask)


def test_the_same_picture_gives_the_same_weights_wherever_its_arrays_lie(hopper: Actor) -> None:
    first = plan_weights(hopper.portrait)
    kept = []
    for size in range(1000, 1400, 37):
        kept.append(np.empty(size, np.uint8))  # moves what is allocated next
        again = plan_weights(hopper.portrait)
        np.testing.assert_array_equal(again.head, first.head)
        np.testing.assert_array_equal(again.torso, first.torso)


def test_the_whole_face_moves_as_one(actor: Actor) -> None:
    weights = plan_weights(actor.portrait)
    landmarks = actor.portrait.landmarks[:, :2]
    assert of(weights, "head", landmarks).min() > 0.9
    assert of(weights, "torso", landmarks[landmarks[:, 1] < landmarks[4, 1]]).max() == 0


def test_the_motion_ends_inside_of_its_box(actor: Actor) -> None:
    weights = plan_weights(actor.portrait)
    x0, y0, x1, y1 = (side * weights.scale for side in weights.box)
    moves = (weights.head > 0) | (weights.torso > 0)
    rows, columns = np.nonzero(moves)
    assert x0 <= columns.min() + 1
    assert columns.max() - 1 <= x1
    assert y0 <= rows.min() + 1
    assert rows.max() - 1 <= y1
    for layer in (weights.head, weights.torso):
        assert layer.min() == 0
        assert layer.max() <= 1
        assert np.abs(np.diff(layer, axis=1)).max() < 0.5


@pytest.mark.parametrize("texture", [0, 60])
def test_a_plain_background_comes_to_rest_sooner(hopper: Actor, texture: int) -> None:
    def reached(portrait: Portrait) -> float:
        weights = plan_weights(portrait)
        mask = segment_person(portrait).mask
        return float((weights.head * (mask == 0)).sum())

    def behind(amplitude: int) -> Portrait:
        picture = hopper.portrait.picture.copy()
        height, width = picture.shape[:2]
        mask = cv2.resize(segment_person(hopper.portrait).mask, (width, height), interpolation=cv2.INTER_NEAREST)
        stripes = (np.arange(width) // 6 % 2)[None, :, None] * amplitude
        picture[mask == 0] = np.broadcast_to(120 + stripes, picture.shape).astype(np.uint8)[mask == 0]
        return replace(hopper.portrait, picture=picture)

    plain, striped = reached(behind(0)), reached(behind(60))
    assert (striped if texture else plain) == pytest.approx(reached(behind(texture)), rel=1e-6)
    assert striped > 1.15 * plain
