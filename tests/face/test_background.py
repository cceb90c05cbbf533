"""Another background behind a portrait: the person stays, what is behind is replaced."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from lipsync.face.avatars import avatar
from lipsync.face.background import BACKGROUND_PATTERN, is_background, read_color
from lipsync.face.finder import FaceFinder
from lipsync.face.matte import matte_of, separate_colours
from lipsync.face.picture import read_picture
from lipsync.face.replace_background import cut_out, replace_background
from lipsync.face.segmentation import SIDE, segment_people
from lipsync.face.topology import FACE_OVAL
from lipsync.face.types import Portrait

GREEN = (20, 200, 60)


@pytest.fixture(scope="module")
def hopper() -> Portrait:
    picture = read_picture(avatar("hopper").path.read_bytes(), max_megapixels=50, max_side=600)
    return FaceFinder().find(picture)


def test_a_person_is_found_and_an_empty_picture_has_none(hopper: Portrait) -> None:
    certainty = segment_people(hopper.picture)
    assert certainty.shape == (SIDE, SIDE)
    assert certainty[150, 128] > 0.95, "the face"
    assert certainty[20, 230] < 0.05, "the blue corner"
    assert segment_people(np.full((300, 200, 3), 128, np.uint8)).mean() < 0.2


def test_the_matte_holds_the_face_and_the_shoulders_and_not_the_corners(hopper: Portrait) -> None:
    alpha = matte_of(hopper)
    height, width = hopper.picture.shape[:2]
    face = np.zeros((height, width), np.uint8)
    oval = hopper.landmarks[list(FACE_OVAL), :2]
    cv2.fillPoly(face, [np.round(oval.mean(0) + 0.9 * (oval - oval.mean(0))).astype(np.int32)], 1)
    assert alpha.shape == (height, width)
    assert alpha[face > 0].min() > 0.9
    assert alpha[height - 20, width // 8] > 0.9, "a shoulder"
    assert max(alpha[:60, :60].max(), alpha[:60, -60:].max()) < 0.1


def test_a_colour_is_exactly_itself_and_the_face_stays(hopper: Portrait) -> None:
    green = replace_background(hopper, "#14C83c")
    alpha = matte_of(hopper)
    assert np.array_equal(green.landmarks, hopper.landmarks)
    assert (green.picture[alpha == 0] == GREEN).all()
    assert (alpha == 0).mean() > 0.2
    difference = np.abs(green.picture.astype(int) - hopper.picture)
    assert difference[alpha == 1].max() <= 1


def test_a_person_that_is_cut_out_keeps_its_own_colours(hopper: Portrait) -> None:
    person, matte = cut_out(hopper), matte_of(hopper)
    assert person.alpha is not None
    assert np.array_equal(person.alpha, np.round(matte * 255))
    difference = np.abs(person.picture.astype(int) - hopper.picture)
    assert difference[matte == 1].max() <= 1
    # What was mixed with the background is the person's alone.
    mixed = (matte > 0.2) & (matte < 0.6)
    assert difference[mixed].mean() > 5


def test_a_blurred_background_is_smooth_and_of_the_colours_that_were_there(hopper: Portrait) -> None:
    blurred = replace_background(hopper, "blur").picture.astype(float)
    sky = (slice(80, 200), slice(-70, -10))
    assert np.abs(blurred[sky].mean((0, 1)) - hopper.picture[sky].mean((0, 1))).max() < 12
    rough = np.abs(np.diff(hopper.picture[40:200, :60].astype(float), axis=1)).mean()
    assert np.abs(np.diff(blurred[40:200, :60], axis=1)).mean() < 0.2 * rough


def test_colours_are_told_apart_where_they_mix() -> None:
    alpha = np.clip((np.arange(200, dtype=np.float32) - 90) / 20, 0, 1)[None].repeat(300, 0)
    red, blue = np.array([200.0, 20, 20]), np.array([20.0, 20, 200])
    mixed = np.round(blue + (red - blue) * alpha[..., None]).astype(np.uint8)
    bands = list(separate_colours(mixed, alpha, 40.0))
    person, behind = (np.concatenate([band[side].astype(float) for band in bands]) for side in (1, 2))
    assert person.shape == behind.shape == mixed.shape
    assert sum(rows.stop - rows.start for rows, *_ in bands) >= 300
    border = (alpha > 0.3) & (alpha < 0.7)
    # The mixture itself is up to 126 off.
    assert np.abs(person[border] - red).max() < 40
    assert np.abs(behind[border] - blue).max() < 40


@pytest.mark.parametrize(
    ("value", "color"),
    [
        ("#000000", (0, 0, 0)),
        ("#fF8001", (255, 128, 1)),
        ("blur", None),
        ("source", None),
        ("transparent", None),
        ("picture", None),
    ],
)
def test_backgrounds_are_read(value: str, color: tuple[int, int, int] | None) -> None:
    assert is_background(value)
    assert read_color(value) == color


@pytest.mark.parametrize("value", ["", "#fff", "#12345g", "#1234567", "red", "#123456\n"])
def test_other_backgrounds_are_refused(value: str) -> None:
    assert not is_background(value)
    assert BACKGROUND_PATTERN.startswith("^")
