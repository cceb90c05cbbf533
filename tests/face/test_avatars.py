"""The catalogue of shipped portraits."""

from __future__ import annotations

import pytest
from PIL import Image

from lipsync.errors import LANGUAGES, LipsyncError
from lipsync.face.avatars import Avatar, avatar, shipped_avatars
from lipsync.settings import Settings


def test_the_default_comes_first() -> None:
    assert [one.name for one in shipped_avatars()] == ["gauss", "newton", "hopper"]
    assert shipped_avatars()[0].name == Settings(_env_file=None).avatar


@pytest.mark.parametrize("one", shipped_avatars(), ids=lambda one: one.name)
def test_what_is_said_of_a_picture_is_so(one: Avatar) -> None:
    with Image.open(one.path) as image:
        assert image.format == "JPEG"
        assert image.size == (one.width, one.height)
    assert set(one.titles) == set(LANGUAGES)
    assert "public domain" in one.credit
    assert avatar(one.name) is one


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
    assert "gauss, newton, hopper" in caught.value.sentence("en")
    assert len(caught.value.sentence("ru")) < 200
