"""What ``lipsync doctor`` says of the weights."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from lipsync.animate.wav2lip.layout import expected_shapes
from lipsync.doctor import Finding, examine
from lipsync.face import s3fd
from lipsync.settings import Settings


@pytest.fixture(autouse=True)
def no_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))


def finding(name: str, folder: Path) -> Finding:
    settings = Settings(
        checkpoints=folder, cache=folder / "cache", outputs=folder / "outputs", state=folder / "state"
    )
    return next(one for one in examine(settings) if one.name == name)


def test_without_weights_it_says_what_they_would_add(tmp_path: Path) -> None:
    for name in ("checkpoint", "s3fd"):
        one = finding(name, tmp_path)
        assert not one.found
        assert not one.needed
        assert one.adds["ru"]
    assert str(tmp_path) in finding("checkpoint", tmp_path).detail
    assert "models fetch s3fd" in finding("s3fd", tmp_path).detail


def test_a_checkpoint_is_read_through(tmp_path: Path) -> None:
    weights = {key: torch.tensor(0.0).expand(shape) for key, shape in expected_shapes(96).items()}
    torch.save({"state_dict": weights}, tmp_path / "wav2lip.pth")
    one = finding("checkpoint", tmp_path)
    assert one.found
    assert "wav2lip.pth, 96 px" in one.detail
    weights.popitem()
    torch.save({"state_dict": weights}, tmp_path / "wav2lip.pth")
    one = finding("checkpoint", tmp_path)
    assert not one.found
    assert "1 missing" in one.detail


def test_a_page_instead_of_a_checkpoint(tmp_path: Path) -> None:
    (tmp_path / "wav2lip_gan.pth").write_text("<!DOCTYPE html>")
    assert "is a web page" in finding("checkpoint", tmp_path).detail


def test_s3fd(tmp_path: Path) -> None:
    weights = {key: torch.tensor(0.0).expand(shape) for key, shape in s3fd.expected_shapes().items()}
    torch.save(weights, tmp_path / "s3fd.pth")
    one = finding("s3fd", tmp_path)
    assert one.found
    assert "LIPSYNC_DETECTOR=s3fd" in one.detail
