"""Faces that are cut, small, tilted or turned: none raises, and their lips shut too."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from lipsync.face.finder import FaceFinder
from lipsync.face.topology import LIPS
from lipsync.video.frame import frame_of
from tests.animation.puppet.acting import (
    Actor,
    Picture,
    cast,
    every_viseme,
    read_avatar,
    same,
    speaking,
    track,
    viseme,
)

pytestmark = pytest.mark.slow

Points = NDArray[np.floating]


def window(picture: Picture, points: Points, left: float, top: float, right: float, bottom: float) -> Picture:
    """The face's box with a margin on each side, in the box's own size, as far as the picture reaches."""
    (x0, y0), (x1, y1) = points.min(0), points.max(0)
    width, height = x1 - x0, y1 - y0
    corners = [x0 - left * width, y0 - top * height, x1 + right * width, y1 + bottom * height]
    a, b, c, d = (max(0, 2 * round(float(corner) / 2)) for corner in corners)
    return picture[b:d, a:c][: picture.shape[0] // 2 * 2, : picture.shape[1] // 2 * 2]


def cut_below_the_lips(picture: Picture, points: Points) -> Picture:
    bottom = int(points[list(LIPS), 1].max()) // 2 * 2 + 4
    return window(picture[:bottom], points, 0.4, 0.4, 0.4, 1.0)


def small(eyes: int) -> Callable[[Picture, Points], Picture]:
    def shrink(picture: Picture, points: Points) -> Picture:
        factor = eyes / float(np.linalg.norm(points[33] - points[263]))
        shrunk = cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        return np.asarray(shrunk[: shrunk.shape[0] // 2 * 2, : shrunk.shape[1] // 2 * 2])

    return shrink


def tilted(degrees: float) -> Callable[[Picture, Points], Picture]:
    def tilt(picture: Picture, points: Points) -> Picture:
        matrix = cv2.getRotationMatrix2D([float(v) for v in points[4]], degrees, 1)
        return np.asarray(cv2.warpAffine(picture, matrix, picture.shape[1::-1], borderMode=cv2.BORDER_REPLICATE))

    return tilt


def turned(picture: Picture, points: Points) -> Picture:
    """The half of the face that is on the picture's right, foreshortened."""
    height, width = picture.shape[:2]
    off = np.arange(width, dtype=np.float32) - np.float32(points[4, 0])
    x = np.where(off > 0, off * 1.9, off) + points[4, 0]
    y = np.arange(height, dtype=np.float32)
    return np.asarray(cv2.remap(picture, *np.meshgrid(x.astype(np.float32), y), cv2.INTER_AREA))


CASES: dict[str, tuple[str, Callable[[Picture, Points], Picture]]] = {
    "no larger than the face": ("gauss", lambda picture, points: window(picture, points, 0.01, 0.01, 0.01, 0.01)),
    "cut at the left": ("hopper", lambda picture, points: window(picture, points, -0.12, 0.4, 0.4, 0.4)),
    "cut at the right": ("gauss", lambda picture, points: window(picture, points, 0.4, 0.4, -0.12, 0.4)),
    "cut through the forehead": ("newton", lambda picture, points: window(picture, points, 0.4, -0.15, 0.4, 0.4)),
    "cut through the chin": ("newton", lambda picture, points: window(picture, points, 0.4, 0.4, 0.4, -0.06)),
    "cut below the lips": ("hopper", cut_below_the_lips),
    "44 pixels between the eyes": ("gauss", small(44)),
    "58 pixels between the eyes": ("hopper", small(58)),
    "tilted to the left": ("hopper", tilted(25)),
    "tilted to the right": ("gauss", tilted(-25)),
    "lying": ("newton", tilted(60)),
    "turned": ("gauss", turned),
}


@pytest.fixture(scope="module", params=CASES.values(), ids=CASES)
def odd(request: pytest.FixtureRequest, finder: FaceFinder) -> Actor:
    name, change = request.param
    picture = read_avatar(name)
    return cast(finder, change(picture, finder.find(picture).landmarks[:, :2] * picture.shape[0] / HEIGHTS[name]))


HEIGHTS = {"gauss": 1304, "newton": 690, "hopper": 600}
"""Of the portraits, pixels: newton's is enlarged."""


def test_it_can_be_drawn(odd: Actor) -> None:
    with np.errstate(divide="raise", invalid="raise", over="raise"):
        frames = list(odd.puppet.frames(speaking(8)))
    assert len(frames) == 8
    for frame in frames:
        assert (frame.width, frame.height) == odd.puppet.size == odd.portrait.picture.shape[1::-1]
        assert frame.width % 2 == frame.height % 2 == 0
        assert 16 <= frame.y.min() <= frame.y.max() <= 235
        assert 16 <= frame.uv.min() <= frame.uv.max() <= 240


def test_at_rest_it_is_the_portrait(odd: Actor) -> None:
    (frame,) = odd.puppet.frames(track())
    assert same(frame, frame_of(odd.portrait.picture))


def test_its_lips_shut(odd: Actor) -> None:
    sealed = every_viseme(seal=1)
    recoloured = odd.inside_recoloured()

    assert odd.puppet.openings(sealed).max() == 0
    for frame, other in zip(odd.puppet.frames(sealed), recoloured.frames(sealed), strict=True):
        assert same(frame, other)


def test_its_lips_open(odd: Actor) -> None:
    moves = track(weights=viseme("AA"))
    assert 0.11 < odd.puppet.openings(moves) < 0.19
    assert not same(next(odd.puppet.frames(moves)), next(odd.inside_recoloured().frames(moves)))
