"""An eye is studied level and at a size that curves can be fitted at."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from lipsync.animation.puppet.eyelids.eye_frame import MAX_EYE_WIDTH, MIN_EYE_WIDTH, place_eye_frame
from lipsync.face.topology import UPPER_LIDS
from tests.animation.puppet.acting import Actor


def turned(points: np.ndarray, angle_deg: float, scale: float) -> np.ndarray:
    matrix = cv2.getRotationMatrix2D((0, 0), angle_deg, scale)
    return np.asarray(points @ matrix[:, :2].T)


@pytest.mark.parametrize("eye", [0, 1])
@pytest.mark.parametrize("angle", [-40.0, -15.0, 0.0, 30.0])
@pytest.mark.parametrize("scale", [0.4, 1.0, 6.0])
def test_corners_lie_level_at_a_limited_width(actor: Actor, eye: int, angle: float, scale: float) -> None:
    points = turned(actor.rig.motion.mouth.points, angle, scale)
    frame = place_eye_frame(points, eye)
    corners = frame.to_frame(points[[UPPER_LIDS[eye][0], UPPER_LIDS[eye][-1]]])
    along, down = corners[1] - corners[0]

    assert MIN_EYE_WIDTH - 1 <= np.hypot(along, down) <= MAX_EYE_WIDTH + 1
    assert abs(np.degrees(np.arctan2(down, along))) < 6.1


@pytest.mark.parametrize("eye", [0, 1])
def test_a_frame_shows_the_picture_upright(hopper: Actor, eye: int) -> None:
    """What is cut from a picture that was turned is what is cut from the picture itself."""
    points = hopper.rig.motion.mouth.points
    picture = hopper.portrait.picture
    height, width = picture.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), 30, 1)
    rolled = cv2.warpAffine(picture, matrix, (width, height), flags=cv2.INTER_CUBIC)
    moved = points @ matrix[:, :2].T + matrix[:, 2]
    straight, leaning = place_eye_frame(points, eye), place_eye_frame(moved, eye)
    one, other = straight.cut(picture), leaning.cut(np.asarray(rolled, np.uint8))
    middle = points[[UPPER_LIDS[eye][0], UPPER_LIDS[eye][-1]]].mean(0)[None]
    (x, y), (u, v) = (
        np.round(frame.to_frame(place)[0]).astype(int)
        for frame, place in ((straight, middle), (leaning, middle @ matrix[:, :2].T + matrix[:, 2]))
    )

    difference = one[y - 6 : y + 7, x - 20 : x + 21].mean((0, 1)) - other[v - 6 : v + 7, u - 20 : u + 21].mean((0, 1))
    assert np.abs(difference).max() < 8


def test_frames_of_both_eyes_do_not_overlap(actor: Actor) -> None:
    points = actor.rig.motion.mouth.points
    height, width = actor.portrait.picture.shape[:2]
    right, left = (place_eye_frame(points, eye) for eye in (0, 1))
    assert (
        right.portrait_box((0, 0, right.width, right.height), width, height)[2]
        <= left.portrait_box((0, 0, left.width, left.height), width, height)[0] + 2
    )
