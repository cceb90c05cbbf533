"""Which part of an enlarged picture a network restores."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from lipsync.face import upscale
from lipsync.face.upscale import RESTORED_SHARE, upscale_small_face

Part = tuple[int, int, int, int]


class Whitener:
    """Restores everything to white, and remembers which parts."""

    def __init__(self) -> None:
        self.parts: list[Part] = []

    def enlarge(self, picture: NDArray[np.uint8], x0: int, y0: int, x1: int, y1: int) -> NDArray[np.uint8]:
        assert x1 <= picture.shape[1]
        assert y1 <= picture.shape[0]
        self.parts.append((x0, y0, x1, y1))
        return np.full(((y1 - y0) * 4, (x1 - x0) * 4, 3), 255, np.uint8)


class Repeater:
    """Repeats each pixel."""

    def enlarge(self, picture: NDArray[np.uint8], x0: int, y0: int, x1: int, y1: int) -> NDArray[np.uint8]:
        return picture[y0:y1, x0:x1].repeat(4, axis=0).repeat(4, axis=1)


def landmarks(x0: float, y0: float, x1: float, y1: float) -> NDArray[np.float32]:
    """(468, 3): corners of a box, and points inside."""
    points = np.random.default_rng(0).uniform((x0, y0, 0), (x1, y1, 1), (468, 3))
    points[:2, :2] = (x0, y0), (x1, y1)
    return points.astype(np.float32)


def test_only_the_face_is_restored() -> None:
    picture = np.full((200, 300, 3), 100, np.uint8)
    restorer = Whitener()
    large, _, factor = upscale_small_face(picture, landmarks(100, 60, 190, 170), 60, 1920, restorer)
    assert factor == 2
    assert restorer.parts == [(88, 39, 202, 182)], "beside 12, above 21 and below 12 pixels"
    assert large.shape == (400, 600, 3)
    inside = np.zeros((400, 600), bool)
    inside[78:364, 176:404] = True
    assert (large[~inside] == 100).all()
    restored = RESTORED_SHARE * 255 + (1 - RESTORED_SHARE) * 100
    assert abs(float(large[220, 290, 0]) - restored) < 1
    assert large[80, 290, 0] < 110, "it fades in"


def test_nothing_moves() -> None:
    down, across = np.mgrid[:150, :140]
    picture = np.stack([across, down, 90 + 0 * down], 2).astype(np.uint8)
    points = landmarks(30, 40, 110, 120)
    plain, _, _ = upscale_small_face(picture, points, 70, 1920)
    large, _, _ = upscale_small_face(picture, points, 70, 1920, Repeater())
    assert np.abs(large.astype(int) - plain)[4:-4, 4:-4].max() <= 2, "of a slope as of a plane"


def test_a_face_at_the_border_does_not_fade_there() -> None:
    picture = np.full((120, 120, 3), 100, np.uint8)
    large, _, _ = upscale_small_face(picture, landmarks(0, 5, 90, 118), 60, 1920, Whitener())
    assert large[120, 0, 0] > 170
    assert large[-1, 80, 0] > 170


@pytest.mark.parametrize(("eye_distance", "max_side"), [(110.0, 1920), (60.0, 200)])
def test_a_picture_that_is_not_enlarged_is_not_restored(eye_distance: float, max_side: int) -> None:
    picture = np.full((200, 200, 3), 100, np.uint8)
    restorer = Whitener()
    same, _, factor = upscale_small_face(picture, landmarks(40, 40, 120, 120), eye_distance, max_side, restorer)
    assert factor == 1
    assert same is picture
    assert not restorer.parts


def test_the_restored_part_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upscale, "_MAX_RESTORED_SIDE", 100)
    restorer = Whitener()
    upscale_small_face(np.zeros((400, 400, 3), np.uint8), landmarks(50, 60, 350, 340), 60, 1920, restorer)
    (x0, y0, x1, y1) = restorer.parts[0]
    assert (x1 - x0, y1 - y0) == (100, 100)
    assert (x0, x1) == (150, 250), "its middle"
