"""Which detector finds the face of a portrait."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
import torch

from lipsync.cache import ArrayCache
from lipsync.face import s3fd
from lipsync.portraits import Portraits
from lipsync.service import LipsyncService
from lipsync.settings import Settings


def portraits(folder: Path, weights: Path | None) -> Portraits:
    return Portraits(ArrayCache(folder, 100), max_side=1920, max_megapixels=50, s3fd=weights)


def a_file(folder: Path) -> Path:
    weights = {key: torch.tensor(0.0).expand(shape) for key, shape in s3fd.expected_shapes().items()}
    torch.save(weights, folder / "s3fd.pth")
    return folder / "s3fd.pth"


def test_s3fd_is_asked_where_its_weights_are_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    monkeypatch.setattr(s3fd.S3fd, "search", lambda _, picture: iter([asked.append(picture) or []]))
    finder = portraits(tmp_path, a_file(tmp_path)).load()
    picture = torch.zeros(64, 64, 3, dtype=torch.uint8).numpy()
    with pytest.raises(Exception, match="No face"):
        finder.find(picture)
    assert len(asked) == 1


def test_wrong_weights_are_a_line_in_the_log_and_the_embedded_detector_serves(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "s3fd.pth").write_text("<html>")
    portraits(tmp_path, tmp_path / "s3fd.pth").load()
    assert "S3FD is not used" in caplog.text
    assert "is a web page" in caplog.text


def test_what_another_detector_prepared_is_not_taken(tmp_path: Path) -> None:
    assert portraits(tmp_path, None).key(b"x") != portraits(tmp_path, a_file(tmp_path)).key(b"x")
    assert portraits(tmp_path, None).key(b"x") != portraits(tmp_path, None).key(b"x", (0, 0, 20, 20))


def test_s3fd_without_weights(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    with caplog.at_level(logging.WARNING):
        LipsyncService(Settings(detector="s3fd", checkpoints=tmp_path, cache=tmp_path, outputs=tmp_path))
    assert "models fetch s3fd" in caplog.text
