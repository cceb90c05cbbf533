"""A picture file behind the person: what is wrong with it concerns it, and not the avatar."""

from __future__ import annotations

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from lipsync.animation.types import FaceTrack, Performance
from lipsync.errors import LipsyncError
from lipsync.pipeline.background_image import put_before
from lipsync.settings import Settings


class Nobody:
    """An animator that is never asked for a frame."""

    name = "puppet"
    size = (64, 32)

    def openings(self, track: FaceTrack) -> NDArray[np.float32]:
        raise NotImplementedError

    def perform(self, fps: int) -> Performance:
        raise NotImplementedError


def png(size: tuple[int, int]) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, (20, 60, 200)).save(file, "PNG")
    return file.getvalue()


def test_the_video_keeps_its_size() -> None:
    animator = put_before(Nobody(), png((300, 200)), Settings(_env_file=None))
    assert (animator.name, animator.size) == ("puppet", (64, 32))


@pytest.mark.parametrize(
    ("file", "code"), [(b"no picture", "not_a_picture"), (png((2000, 600)), "picture_too_large")]
)
def test_an_unusable_picture_is_its_own_fields_error(file: bytes, code: str) -> None:
    settings = Settings(_env_file=None).model_copy(update={"max_megapixels": 1.0})
    with pytest.raises(LipsyncError) as caught:
        put_before(Nobody(), file, settings)
    assert (caught.value.code, caught.value.facts["field"]) == (code, "background_image")
