"""Which detector finds the face of a portrait."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from lipsync.cache import ArrayCache
from lipsync.errors import LipsyncError
from lipsync.face import s3fd
from lipsync.face.detector import Detection
from lipsync.portraits import Portraits
from lipsync.service import LipsyncService
from lipsync.settings import Settings


def portraits(folder: Path, weights: Path | None) -> Portraits:
    return Portraits(ArrayCache(folder, 100), max_side=1920, max_megapixels=50, s3fd=weights)


def a_file(folder: Path) -> Path:
    torch = pytest.importorskip("torch", reason="make install EXTRAS=wav2lip")
    weights = {key: torch.tensor(0.0).expand(shape) for key, shape in s3fd.expected_shapes().items()}
    torch.save(weights, folder / "s3fd.pth")
    return folder / "s3fd.pth"


def test_s3fd_is_asked_where_its_weights_are_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def search(_: object, picture: object) -> Iterator[list[Detection]]:
        asked.append(picture)
        yield []

    monkeypatch.setattr(s3fd.S3fd, "search", search)
    finder = portraits(tmp_path, a_file(tmp_path)).load()
    with pytest.raises(LipsyncError, match="No face"):
        finder.find(np.zeros((64, 64, 3), np.uint8))
    assert len(asked) == 4, "the picture as it is, and turned by each quarter"


def test_wrong_weights_are_a_line_in_the_log_and_the_embedded_detector_serves(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pytest.importorskip("torch", reason="make install EXTRAS=wav2lip")
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
