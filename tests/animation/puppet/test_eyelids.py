"""Lids come down over eyes that can blink, and over no others."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
import pytest

from lipsync.animation.puppet.eyelids import blink
from lipsync.animation.puppet.eyelids.build import build_eyelids
from lipsync.face.topology import CHEEKS, LOWER_LIDS, UPPER_LIDS
from lipsync.video.frame import frame_of
from tests.animation.puppet.acting import Actor, Picture, changed, track, units


def with_glasses(actor: Actor, eyes: tuple[int, ...], colour: tuple[int, int, int]) -> Picture:
    """Round glasses of one colour painted over the portrait's eyes; 0 is the right one."""
    picture = actor.portrait.picture.copy()
    points = actor.portrait.landmarks[:, :2]
    for eye in eyes:
        corners = points[[UPPER_LIDS[eye][0], UPPER_LIDS[eye][-1]]]
        center, width = corners.mean(0), float(np.linalg.norm(corners[1] - corners[0]))
        cv2.circle(picture, [round(float(v)) for v in center], round(0.85 * width), colour, -1, cv2.LINE_AA)
    return picture


def lids(actor: Actor, picture: Picture) -> int:
    return len(build_eyelids(picture, actor.rig.motion.mouth.points, actor.rig.interior.palette.softness))


def test_open_eyes_can_blink(actor: Actor) -> None:
    assert lids(actor, actor.portrait.picture) == 2


@pytest.mark.parametrize("eyes", [(0, 1), (0,), (1,)], ids=["both", "right", "left"])
def test_eyes_behind_dark_glasses_do_not_blink(actor: Actor, eyes: tuple[int, ...]) -> None:
    """Nor does the other one alone: it would wink."""
    assert lids(actor, with_glasses(actor, eyes, (18, 16, 20))) == 0


def test_eyes_behind_mirrors_do_not_blink(actor: Actor) -> None:
    assert lids(actor, with_glasses(actor, (0, 1), (90, 170, 250))) == 0


def test_eyes_that_are_shut_do_not_blink(actor: Actor) -> None:
    points = actor.rig.motion.mouth.points.copy()
    for upper, lower in zip(UPPER_LIDS, LOWER_LIDS, strict=True):
        points[list(upper)] = points[list(lower)] - [0, 0.5]
    assert build_eyelids(actor.portrait.picture, points, 1.0) == ()


def test_eyes_at_the_picture_s_border_do_not_blink(hopper: Actor) -> None:
    points = hopper.rig.motion.mouth.points
    for shift in ([0, -points[159, 1]], [-points[33, 0], 0], [hopper.puppet.size[0] - points[263, 0], 0]):
        assert build_eyelids(hopper.portrait.picture, points + shift, 1.0) == ()


def test_the_lid_covers_the_eye(actor: Actor) -> None:
    """Where the pupil was is skin: nearer to the cheek's brightness than the pupil."""
    (frame,) = actor.puppet.frames(track(weights=units(eyeBlinkLeft=1, eyeBlinkRight=1)))
    still = frame_of(actor.portrait.picture)
    points = actor.portrait.landmarks[:, :2]
    for upper, lower, cheek in zip(UPPER_LIDS, LOWER_LIDS, CHEEKS, strict=True):
        middle = (points[upper[4]] + points[lower[4]]) / 2
        reach = 0.25 * (points[lower[4]] - points[upper[4]])[1]
        ends = np.stack([middle - reach, middle + np.array([reach, 0.0])])
        (x0, y0), (x1, y1) = np.round(ends).astype(int) + np.array([[0], [1]])
        x, y = np.round(points[list(cheek)].mean(0)).astype(int)
        skin = float(np.median(still.y[y - 4 : y + 5, x - 4 : x + 5]))
        opened, shut = (float(np.median(image.y[y0:y1, x0:x1])) for image in (still, frame))
        assert abs(shut - skin) < 0.8 * abs(opened - skin)


def test_a_lid_comes_down_evenly(actor: Actor) -> None:
    shut = np.linspace(0, 1, 9)
    still = frame_of(actor.portrait.picture)
    frames = list(actor.puppet.frames(track(9, weights=units(eyeBlinkLeft=shut, eyeBlinkRight=shut))))
    covered = [changed(frame, still).sum() for frame in frames]

    assert covered[0] == 0
    assert covered[-1] > 400
    assert all(later > 0.97 * earlier for earlier, later in pairwise(covered))


def test_blinking_says_what_it_painted(hopper: Actor) -> None:
    still = frame_of(hopper.portrait.picture)
    for shut, count in (((0.0, 0.0), 0), ((0.005, 0.5), 1), ((0.5, 0.0), 1), ((1.0, 1.0), 2)):
        painted = still.copy()
        areas = blink(painted, hopper.rig.eyelids, shut)
        assert len(areas) == count
        for area in areas:
            assert all(side % 2 == 0 for part in area for side in (part.start, part.stop))
            painted.y[area] = still.y[area]
            half = tuple(slice(part.start // 2, part.stop // 2) for part in area)
            painted.uv[half] = still.uv[half]
        assert not changed(painted, still).any()


def test_without_lids_a_blink_is_nothing(hopper: Actor) -> None:
    puppet = type(hopper.puppet)(hopper.portrait, replace(hopper.rig, eyelids=()))
    (frame,) = puppet.frames(track(weights=units(eyeBlinkLeft=1, eyeBlinkRight=1)))
    assert not changed(frame, frame_of(hopper.portrait.picture)).any()
