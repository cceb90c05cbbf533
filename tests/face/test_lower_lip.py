"""A lower lip that is made of teeth is told from one that is lip."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from lipsync.errors import LipsyncError
from lipsync.face import finder as finder_module
from lipsync.face.finder import FaceFinder
from lipsync.face.lower_lip import lower_lip_is_missed
from lipsync.face.topology import LOWER_LIP
from tests.face.test_checks import landmarks

SKIN, LIP, TEETH = (205, 160, 140), (190, 90, 95), (225, 220, 205)
Picture = NDArray[np.uint8]


def portrait(points: NDArray[np.float64], lower_lip: tuple[int, int, int]) -> Picture:
    """Plain skin with a lower lip of one colour where the mesh has it."""
    picture = np.full((600, 600, 3), SKIN, np.uint8)
    outline = points[[*LOWER_LIP[0], *LOWER_LIP[3][::-1]], :2]
    cv2.fillPoly(picture, [np.round(outline).astype(np.int32)], lower_lip)
    return picture


def test_teeth_in_place_of_the_lower_lip_are_told() -> None:
    points = landmarks(jawOpen=0.6, scale=200)
    assert not lower_lip_is_missed(portrait(points, LIP), points)
    assert lower_lip_is_missed(portrait(points, TEETH), points)


def test_a_picture_without_colour_tells_nothing() -> None:
    points = landmarks(jawOpen=0.6, scale=200)
    grey = cv2.cvtColor(portrait(points, TEETH), cv2.COLOR_RGB2GRAY)
    assert not lower_lip_is_missed(np.dstack([grey] * 3), points)


def test_a_mouth_that_is_hardly_open_is_not_looked_at() -> None:
    points = landmarks(jawOpen=0.05, scale=200)
    assert not lower_lip_is_missed(portrait(points, TEETH), points)


def test_a_mouth_at_the_border_of_the_picture_is_looked_at() -> None:
    points = landmarks(jawOpen=0.6, scale=200, at=(300, 520))
    assert not lower_lip_is_missed(portrait(points, LIP), points)


def test_such_a_portrait_is_refused_and_a_frame_of_a_video_is_not(
    finder: FaceFinder, hopper: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finder_module, "lower_lip_is_missed", lambda *_: True)
    with pytest.raises(LipsyncError) as caught:
        finder.find(hopper)
    assert caught.value.code == "mouth_open"
    assert len(finder.find_all(hopper)) == 1
