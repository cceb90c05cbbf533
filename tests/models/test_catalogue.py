"""The catalogue: what it says of each model, and what may not stand in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from lipsync.errors import LipsyncError
from lipsync.models.catalogue import Model, catalogue, model

ENTRY: dict[str, Any] = {
    "name": "small",
    "purpose": {"en": "for tests", "ru": "для проверок"},
    "licence": "none",
    "restricted": False,
    "size": 10,
    "sha256": "0" * 64,
    "path": "small.pth",
    "ask": "https://example.org/",
}


def test_the_first_three() -> None:
    known = catalogue()
    assert set(known) >= {"wav2lip", "wav2lip-gan", "s3fd"}
    assert known["wav2lip-gan"].size == 435_801_865
    assert known["wav2lip-gan"].sha256.startswith("ca9ab7b7")
    assert known["wav2lip"].sha256.startswith("b78b681b")
    assert known["s3fd"].sha256.startswith("619a31681264")
    assert known["wav2lip"].restricted
    assert known["wav2lip-gan"].restricted
    assert not known["wav2lip"].sources  # in their authors' hands
    assert known["s3fd"].sources


def test_an_unknown_name_is_told_the_known_ones() -> None:
    with pytest.raises(LipsyncError, match="wav2lip-gan") as caught:
        model("wav2lip-hd")
    assert caught.value.code == "unknown_model"


def test_s3fd_is_also_looked_for_where_face_alignment_keeps_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    places = model("s3fd").places(tmp_path / "checkpoints")
    assert places == (
        tmp_path / "checkpoints" / "s3fd-619a316812.pth",
        tmp_path / "checkpoints" / "s3fd.pth",
        tmp_path / "torch" / "hub" / "checkpoints" / "s3fd-619a316812.pth",
    )
    monkeypatch.delenv("TORCH_HOME")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert model("s3fd").places(tmp_path)[2] == tmp_path / "torch" / "hub" / "checkpoints" / "s3fd-619a316812.pth"


@pytest.mark.parametrize(
    "change",
    [
        {"path": "../small.pth"},
        {"path": "/etc/small.pth"},
        {"sha256": "abc"},
        {"size": 0},
        {"licence": None},
        {"sources": [{"parts": []}]},
        {"sources": [{"parts": [{"address": "http://example.org/x", "size": 10}]}]},
        {"sources": [{"parts": [{"address": "https://me:word@example.org/x", "size": 10}]}]},
        {"sources": [{"parts": [{"address": "https://example.org/x", "size": 9}]}]},
        {"unknown": 1},
    ],
)
def test_what_may_not_stand_in_it(change: dict[str, Any]) -> None:
    Model.model_validate(ENTRY)
    with pytest.raises(ValidationError):
        Model.model_validate(ENTRY | change)
