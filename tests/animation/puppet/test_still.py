"""A pixel that does not move is the portrait's own pixel."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from lipsync.animation.types import FaceTrack
from lipsync.face.topology import EYE_CORNERS, FACE_OVAL
from lipsync.video.frame import frame_of
from tests.animation.puppet.acting import Actor, Changed, changed, every_viseme, same, track, units

AROUND_FACE = 1.55
"""The mouth pulls at the cheeks and at the throat no further than this, in the face's own outline."""


def touched(actor: Actor, moves: FaceTrack) -> Changed:
    """(H, W) where any frame differs from the portrait."""
    still = frame_of(actor.portrait.picture)
    return np.any([changed(frame, still) for frame in actor.puppet.frames(moves)], axis=0)


def test_at_rest_a_frame_is_the_portrait(actor: Actor) -> None:
    assert not actor.rig.motion.mouth.is_open
    for frame in actor.puppet.frames(track(3)):
        assert same(frame, frame_of(actor.portrait.picture))


def test_a_frame_is_as_large_as_the_portrait(actor: Actor) -> None:
    height, width = actor.portrait.picture.shape[:2]
    assert actor.puppet.size == (width, height)
    (frame,) = actor.puppet.frames(track())
    assert frame.y.shape == (height, width)
    assert frame.uv.shape == (height // 2, width // 2, 2)


def test_a_frame_is_the_callers_own(hopper: Actor) -> None:
    frames = list(hopper.puppet.frames(track(3)))
    frames[0].y[:] = 16
    frames[0].uv[:] = 16
    (after,) = hopper.puppet.frames(track())
    for frame in (frames[1], after):
        assert same(frame, frame_of(hopper.portrait.picture))


def test_a_speaking_mouth_moves_nothing_above_the_eyes_and_around_the_face(actor: Actor) -> None:
    moved = touched(actor, every_viseme(tongue=0.5))
    points = actor.portrait.landmarks[:, :2]
    oval = points[list(FACE_OVAL)]
    outline = oval.mean(0) + (oval - oval.mean(0)) * AROUND_FACE
    face = np.zeros(moved.shape, np.uint8)
    cv2.fillPoly(face, [np.round(outline).astype(np.int32)], 1)

    assert moved.sum() > 2000
    assert not moved[: int(points[list(EYE_CORNERS), 1].min())].any()
    assert not moved[face == 0].any()


@pytest.mark.parametrize("eyes", ["Left", "Right", "both"])
def test_a_blink_moves_nothing_but_lids(actor: Actor, eyes: str) -> None:
    shut = np.linspace(0.05, 1, 5)
    sides = ("Left", "Right") if eyes == "both" else (eyes,)
    moved = touched(actor, track(5, weights=units(**{f"eyeBlink{side}": shut for side in sides})))
    inside = []
    assert len(actor.rig.eyelids) == 2
    for lid in actor.rig.eyelids:
        height, width = lid.y.shape
        rectangle = (slice(lid.top - 4, lid.top + height + 4), slice(lid.left - 4, lid.left + width + 4))
        inside.append(moved[rectangle].sum())
        moved[rectangle] = False

    assert not moved.any()
    # a person's left eye is at the picture's right
    assert [count > 200 for count in inside] == [eyes != "Left", eyes != "Right"]


def test_a_turning_head_moves_nothing_where_its_weight_is_zero(actor: Actor) -> None:
    rough = [[8, 6, -3, 0.05, 0.05], [-8, -6, 3, -0.05, -0.05], [8, -6, 3, 0.05, -0.05]]
    moved = touched(actor, track(3, pose=rough, torso=[0.02, 0.02, 0.5]))
    still = np.zeros(moved.shape, bool)
    head = actor.rig.head
    rests = np.maximum(head.weight, np.abs(head.torso[..., 2])) == 0
    for row, column in np.argwhere(rests[1:-1, 1:-1]) + 1:
        # A pixel lies between four nodes: all around it rest.
        if rests[row - 1 : row + 2, column - 1 : column + 2].all():
            x, y = (round(float(side)) for side in head.nodes[row, column])
            still[max(0, y) : max(0, y + 2), max(0, x) : max(0, x + 2)] = True

    assert still.any()
    assert not moved[still].any()
    assert moved.mean() > 0.2


def test_the_head_goes_where_the_pose_says(hopper: Actor) -> None:
    unit = hopper.rig.motion.eye_distance
    for pose, across, down in (((0, 0, 0, 0.04, 0), 0.04, 0.0), ((0, 0, 0, 0, 0.04), 0.0, 0.04)):
        (frame,) = hopper.puppet.frames(track(pose=pose))
        x, y = hopper.portrait.landmarks[4, :2]  # the nose's tip
        area = (slice(int(y) - 50, int(y) + 30), slice(int(x) - 40, int(x) + 40))
        before, after = (image[area].astype(np.float32) for image in (frame_of(hopper.portrait.picture).y, frame.y))
        (dx, dy), _ = cv2.phaseCorrelate(before, after)
        np.testing.assert_allclose([dx, dy], [across * unit, down * unit], atol=0.4)
