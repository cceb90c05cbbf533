"""A plain cover over the mouth is told; a bad picture of a mouth is not taken for one."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from lipsync.errors import LipsyncError
from lipsync.face.finder import FaceFinder
from lipsync.face.topology import CHIN

Picture = NDArray[np.uint8]

CHEEK_TO_CHEEK = (
    234,
    93,
    132,
    58,
    172,
    136,
    150,
    149,
    176,
    148,
    CHIN,
    377,
    400,
    378,
    379,
    365,
    397,
    288,
    361,
    323,
    454,
    195,
)


def masked(picture: Picture, landmarks: NDArray[np.float32], color: tuple[int, int, int]) -> Picture:
    """A mask from cheek to cheek and over the nose, softly shaded, with pleats."""
    height, width = picture.shape[:2]
    y, x = np.mgrid[:height, :width]
    eyes = np.linalg.norm(landmarks[33] - landmarks[263])
    shade = 6 * np.sin(y / eyes * 25) + 20 * np.exp(-6 * ((x - landmarks[4, 0]) / eyes) ** 2) - 15
    cloth = np.clip(np.array(color) + shade[..., None], 0, 255).astype(np.uint8)
    where = np.zeros((height, width), np.uint8)
    cv2.fillPoly(where, [np.round(landmarks[list(CHEEK_TO_CHEEK), :2]).astype(np.int32)], 1)
    return np.where(where[..., None] > 0, cloth, picture)


@pytest.mark.slow
@pytest.mark.parametrize("color", [(120, 170, 210), (235, 235, 235), (205, 160, 135)], ids=["blue", "white", "skin"])
def test_a_mask_is_told(finder: FaceFinder, hopper: Picture, gauss: Picture, color: tuple[int, int, int]) -> None:
    for picture in (hopper, gauss):
        with pytest.raises(LipsyncError) as caught:
            finder.find(masked(picture, finder.find(picture).landmarks, color))
        assert caught.value.code == "mouth_covered"


@pytest.mark.parametrize("how", ["blurred", "grey", "faded", "dark", "bright", "compressed", "small"])
def test_a_bad_picture_of_a_mouth_is_no_mask(finder: FaceFinder, hopper: Picture, gauss: Picture, how: str) -> None:
    for picture in (hopper, gauss):
        worse = {
            "blurred": cv2.GaussianBlur(picture, (0, 0), 4),
            "grey": cv2.cvtColor(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB),
            "faded": (picture * 0.35 + 120).astype(np.uint8),
            "dark": (picture * 0.3).astype(np.uint8),
            "bright": np.clip(picture * 1.6 + 30, 0, 255).astype(np.uint8),
            "compressed": cv2.imdecode(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 15])[1], 1),
            "small": cv2.resize(picture, None, fx=0.4, fy=0.4, interpolation=cv2.INTER_AREA),
        }[how]
        assert finder.find(np.ascontiguousarray(worse)).eye_distance > 100
