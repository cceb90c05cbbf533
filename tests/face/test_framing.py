"""Crops around a face: what they contain, their size, and where the portrait lies in the video."""

from __future__ import annotations

import re

import numpy as np
import pytest

from lipsync.errors import LipsyncError
from lipsync.face.framing import MAX_SIZE, MIN_SIZE, SIZE_PATTERN, Framing, Size, read_size, reframe
from lipsync.face.pose import load_basis
from lipsync.face.topology import EYE_CORNERS_OUTER
from lipsync.face.types import Portrait


def make_portrait(width: int, height: int, x: float, y: float, unit: float) -> Portrait:
    """A frontal face with ``unit`` pixels between the outer eye corners, which are around ``x``, ``y``.

    Red is the column and green the row of a pixel, so that a crop tells where it came from.
    """
    points = load_basis().points * [1, -1, -1]
    points = (points - points[list(EYE_CORNERS_OUTER)].mean(0)) * unit + [x, y, 0]
    rows, columns = np.mgrid[0:height, 0:width]
    picture = np.dstack([columns * 255 / width, rows * 255 / height, np.zeros((height, width))]).astype(np.uint8)
    (x0, y0), (x1, y1) = points[:, :2].min(0), points[:, :2].max(0)
    return Portrait(picture, points.astype(np.float32), (float(x0), float(y0), float(x1), float(y1)), unit, "key")


WIDE = make_portrait(1200, 900, 500, 380, 120.0)
"""A face with much room around it."""
TIGHT = make_portrait(600, 600, 300, 280, 160.0)
"""A face that fills its picture."""


def eyes_in_video(portrait: Portrait, framing: Framing) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    moved, placement = reframe(portrait, framing)
    return np.asarray(
        moved.landmarks[list(EYE_CORNERS_OUTER), :2].mean(0) + np.array([placement.left, placement.top])
    )


@pytest.mark.parametrize("frame", ["source", "face", "bust"])
@pytest.mark.parametrize("size", [(720, 1280), (1280, 720), (1080, 1080), (256, 256)])
@pytest.mark.parametrize("portrait", [WIDE, TIGHT], ids=["wide", "tight"])
def test_the_whole_face_is_in_a_video_of_the_size_that_was_asked_for(
    portrait: Portrait, size: Size, frame: str
) -> None:
    moved, placement = reframe(portrait, Framing(frame, size))  # type: ignore[arg-type]
    points = moved.landmarks[:, :2] + [placement.left, placement.top]
    assert placement.size == size
    assert (points > 0).all()
    assert (points < size).all()
    assert [side % 2 for side in (*moved.picture.shape[:2], placement.left, placement.top)] == [0] * 4


@pytest.mark.parametrize(
    ("portrait", "framing"),
    [(WIDE, Framing("face", (540, 540))), (WIDE, Framing("bust")), (TIGHT, Framing("source", (1280, 720)))],
)
def test_landmarks_stay_on_the_pixels_that_they_were_on(portrait: Portrait, framing: Framing) -> None:
    moved, _ = reframe(portrait, framing)
    for index in (1, 33, 152, 263):
        before, after = (one.landmarks[index, :2].round().astype(int) for one in (portrait, moved))
        was, found = portrait.picture[before[1], before[0]], moved.picture[after[1], after[0]]
        assert np.abs(was.astype(int) - found).max() <= 2


def test_a_frame_without_a_size_keeps_the_pixels_of_the_source() -> None:
    moved, placement = reframe(WIDE, Framing("face"))
    scales = moved.eye_distance / WIDE.eye_distance, moved.head.scale / WIDE.head.scale
    assert scales == pytest.approx((1, 1))
    height, width = moved.picture.shape[:2]
    x0 = int(np.flatnonzero(WIDE.picture[0, :, 0] == moved.picture[0, 0, 0])[0])
    matches = [
        np.array_equal(WIDE.picture[y : y + height, x : x + width], moved.picture)
        for x in range(x0, x0 + 6)
        for y in range(WIDE.picture.shape[0] - height + 1)
        if WIDE.picture[y, 0, 1] == moved.picture[0, 0, 1]
    ]
    assert any(matches)
    assert placement.left < 0, "the source goes on beyond the crop"


def test_a_face_is_nearer_than_a_bust_and_a_bust_nearer_than_the_source() -> None:
    sizes = [reframe(WIDE, Framing(frame, (720, 720)))[0].eye_distance for frame in ("face", "bust", "source")]  # type: ignore[arg-type]
    assert sizes[0] > 1.3 * sizes[1] > 1.3 * sizes[2]


def test_a_face_is_in_the_middle_of_its_frame() -> None:
    x, y = eyes_in_video(WIDE, Framing("face", (600, 600)))
    assert x == pytest.approx(300, abs=12)
    assert 250 < y < 320


def test_a_crop_does_not_leave_the_source_where_the_head_fits_in() -> None:
    for frame in ("source", "face", "bust"):
        moved, placement = reframe(WIDE, Framing(frame, (720, 1280)))  # type: ignore[arg-type]
        height, width = moved.picture.shape[:2]
        assert placement.left <= 0 <= placement.left + width - 720
        assert placement.top <= 0 <= placement.top + height - 1280


def test_a_crop_reaches_beyond_a_source_that_is_too_narrow_for_the_head() -> None:
    moved, placement = reframe(TIGHT, Framing("source", (1280, 720)))
    assert placement.left > 200
    assert placement.left + moved.picture.shape[1] < 1080
    assert placement.top <= 0 <= placement.top + moved.picture.shape[0] - 720


@pytest.mark.parametrize("value", ["256x256", "720x1280", "1920x1920", "1918x260"])
def test_a_size_is_read(value: str) -> None:
    width, height = value.split("x")
    assert read_size(value) == (int(width), int(height))


def test_source_is_no_size_of_its_own() -> None:
    assert read_size("source") is None
    assert Framing().is_source
    assert not Framing("face").is_source


@pytest.mark.parametrize(
    "value", ["", "720", "720x", "721x720", "254x720", "720x1922", "720x720x720", "-720x720", "720 x 720", "７20x720"]
)
def test_another_size_is_refused(value: str) -> None:
    with pytest.raises(LipsyncError) as caught:
        read_size(value)
    assert caught.value.code == "bad_field"
    assert "256 to 1920" in str(caught.value)


def test_the_pattern_accepts_what_is_read() -> None:
    for side in range(MIN_SIZE - 4, MAX_SIZE + 5):
        is_read = side % 2 == 0 and MIN_SIZE <= side <= MAX_SIZE
        assert bool(re.search(SIZE_PATTERN, f"{side}x720")) == is_read, side
    assert re.search(SIZE_PATTERN, "source")
