"""The catalogue of shipped portraits."""

from __future__ import annotations

import pytest
from PIL import Image

from lipsync.errors import LipsyncError
from lipsync.face.avatars import Avatar, avatar, shipped_avatars
from lipsync.face.finder import FaceFinder
from lipsync.face.picture import read_picture
from lipsync.settings import Settings


def test_the_default_comes_first() -> None:
    assert [one.name for one in shipped_avatars()] == ["gauss", "newton", "hopper"]
    assert shipped_avatars()[0].name == Settings(_env_file=None).avatar


@pytest.mark.parametrize("one", shipped_avatars(), ids=lambda one: one.name)
def test_what_is_said_of_a_picture_is_so(one: Avatar) -> None:
    with Image.open(one.path) as image:
        assert image.format == "JPEG"
        assert image.size == (one.width, one.height)
    assert all(one.title.texts().values())
    assert "public domain" in one.credit
    assert avatar(one.name) is one


@pytest.mark.parametrize("max_side", [1920, 1024, 640])
@pytest.mark.parametrize("one", shipped_avatars(), ids=lambda one: one.name)
def test_the_size_of_its_videos_is_what_the_face_finder_makes_of_it(one: Avatar, max_side: int) -> None:
    pixels = read_picture(one.path.read_bytes(), max_megapixels=50, max_side=max_side)
    portrait = FaceFinder(max_side=max_side).find(pixels, "key")
    height, width = portrait.picture.shape[:2]
    assert one.video_size(max_side) == (width, height)
    assert one.facts(max_side)["video_width"] == width


def test_a_small_face_is_enlarged_and_an_odd_line_left_out() -> None:
    sizes = {one.name: (one.width, one.height, *one.video_size(1920)) for one in shipped_avatars()}
    assert sizes["newton"] == (768, 432, 1226, 690)
    assert sizes["gauss"] == (1024, 1305, 1024, 1304)
    assert sizes["hopper"] == (512, 600, 512, 600)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Gauss",
        "gauss.jpg",
        "../face/arkit_basis",
        "../avatars/gauss",
        "/etc/passwd",
        "gauss\0",
        "./gauss",
        "x" * 9999,
    ],
)
def test_anything_else_is_unknown(name: str) -> None:
    with pytest.raises(LipsyncError) as caught:
        avatar(name)
    assert caught.value.code == "unknown_avatar"
    assert "gauss, newton, hopper" in caught.value.message("en")
    assert len(caught.value.message("ru")) < 200
