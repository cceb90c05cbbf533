"""The 3D model of a portrait is made once and then read."""

from __future__ import annotations

from pathlib import Path

import pytest

from lipsync.animation.head_model import portrait_model
from lipsync.errors import LipsyncError
from lipsync.face.avatars import avatar
from lipsync.pipeline.head_models import HeadModels
from lipsync.pipeline.portraits import Portraits
from lipsync.storage.cache import ArrayCache

pytestmark = pytest.mark.slow


def head_models(folder: Path) -> HeadModels:
    cache = ArrayCache(folder, 100)
    return HeadModels(Portraits(cache, max_side=512, max_megapixels=50), cache)


def test_it_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = avatar("hopper").path.read_bytes()
    models = head_models(tmp_path)
    made = models.get(picture)
    assert made[:4] == b"glTF"

    def fails(*_: object) -> None:
        raise AssertionError("made again")

    monkeypatch.setattr(portrait_model, "portrait_model", fails)
    assert models.get(picture) is made
    assert head_models(tmp_path).get(picture) == made


def test_what_is_no_picture_has_no_model(tmp_path: Path) -> None:
    with pytest.raises(LipsyncError) as error:
        head_models(tmp_path).get(b"no picture")
    assert error.value.code == "not_a_picture"
