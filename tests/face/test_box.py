"""A box given by hand, from a request to the face."""

from __future__ import annotations

import dataclasses
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from lipsync.errors import LipsyncError
from lipsync.face.box import fitted_box, read_box, read_pads
from lipsync.face.picture import read_picture, upright_size
from lipsync.pipeline.portraits import Portraits
from lipsync.storage.cache import ArrayCache


@pytest.mark.parametrize("value", ["1,2,30,40", " 1, 2 ,30,40.0", [1, 2, 30, 40], (1.0, 2.0, 30.0, 40.0)])
def test_four_numbers(value: Any) -> None:
    assert read_box(value) == (1, 2, 30, 40)


@pytest.mark.parametrize(
    "value",
    ["", "1,2,3", "1,2,3,4,5", "a,b,c,d", "nan,0,10,10", "0,0,inf,10", "10,0,0,10", "-1,0,10,10", [1, 2, 3], 7,
     [1, 2, "x", 4], [True, 0, 10, 10], [None, 0, 10, 10], {"x0": 1}, [[1, 2, 3, 4]], [0, 0, 10**400, 10]],
)  # fmt: skip
def test_nonsense_is_no_box(value: Any) -> None:
    with pytest.raises(LipsyncError) as caught:
        read_box(value)
    assert caught.value.code == "bad_box"


def test_pads() -> None:
    assert read_pads("0,10,0,-5") == (0, 10, 0, -5)
    assert read_pads([1, 2, 3, 4]) == (1, 2, 3, 4)
    for nonsense in ("0,10,0", "0,1.5,0,0", [0, 0, 0, 5000], 3):
        with pytest.raises(LipsyncError, match="pads"):
            read_pads(nonsense)  # type: ignore[arg-type]


def test_a_box_follows_the_picture_that_was_shrunk() -> None:
    assert fitted_box((100, 200, 300, 400), (4000, 2000), (1000, 500), 1000) == (25, 50, 75, 100)
    assert fitted_box((0, 0, 641, 479), (641, 479), (640, 478), 1920) == (0, 0, 640, 478)  # even sides
    with pytest.raises(LipsyncError, match="inside the picture"):
        fitted_box((0, 0, 642, 479), (641, 479), (640, 478), 1920)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_upright_size(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    out = BytesIO()
    Image.new("RGB", (60, 40)).save(out, "JPEG", exif=exif)
    height, width = read_picture(out.getvalue(), max_megapixels=1, max_side=1920).shape[:2]
    assert upright_size(out.getvalue()) == (width, height)


@pytest.fixture(scope="module")
def pair(hopper: NDArray[np.uint8]) -> bytes:
    """The same face twice: the left one larger; stored lying on its side, as a phone does."""
    small = np.asarray(Image.fromarray(hopper).resize((410, 480)))
    both = np.full((600, 512 + 410, 3), 128, np.uint8)
    both[:, :512] = hopper
    both[60:540, 512:] = small
    exif = Image.Exif()
    exif[0x0112] = 6  # upright again when turned by 90 degrees clockwise
    out = BytesIO()
    Image.fromarray(both).transpose(Image.Transpose.ROTATE_90).save(out, "JPEG", quality=95, exif=exif)
    return out.getvalue()


def portraits(tmp_path: Any, max_side: int) -> Portraits:
    return Portraits(ArrayCache(tmp_path, 100), max_side=max_side, max_megapixels=50)


@pytest.mark.slow
def test_the_box_names_the_face_also_in_a_picture_that_was_shrunk(pair: bytes, tmp_path: Any) -> None:
    every = portraits(tmp_path, 800)
    box = (512.0, 60.0, 922.0, 540.0)  # of the upload: 922 pixels wide, read as 800
    left, _ = every.get(pair)
    right, origin = every.get(pair, box)
    assert origin == "made"  # and not what was kept of the picture without a box
    middle = left.portrait.picture.shape[1] * 512 / 922
    assert left.portrait.box[2] < middle < right.portrait.box[0]
    assert every.get(pair, box)[1] == "memory"
    again, origin = portraits(tmp_path, 800).get(pair, box)
    assert origin == "disk"
    for one, other in zip(dataclasses.astuple(again.portrait), dataclasses.astuple(right.portrait), strict=True):
        assert np.array_equal(one, other)


def test_a_box_beyond_the_picture(pair: bytes, tmp_path: Any) -> None:
    for box in ((0.0, 0.0, 600.0, 922.0), (0.0, 0.0, 3.0, 3.0)):  # of the picture as it lies; too small
        with pytest.raises(LipsyncError) as caught:
            portraits(tmp_path, 1920).get(pair, box)
        assert caught.value.code == "bad_box"
