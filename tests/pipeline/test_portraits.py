"""Which detector finds the face of a portrait, and what restores a small one."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from functools import partial
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from lipsync.errors import LipsyncError
from lipsync.face import real_esrgan, s3fd
from lipsync.face.avatars import avatar
from lipsync.face.detector import Detection
from lipsync.face.real_esrgan import RealEsrgan
from lipsync.pipeline.portraits import Portraits
from lipsync.pipeline.service import LipsyncService
from lipsync.settings import Settings
from lipsync.storage.cache import ArrayCache
from tests.helpers.realesrgan_weights import TINY, random_layer, write_nearest, write_weights

pytestmark = pytest.mark.slow


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


def small_portrait() -> bytes:
    """PNG of hopper with 62 pixels between the eye corners."""
    png = BytesIO()
    with Image.open(avatar("hopper").path) as picture:
        picture.convert("RGB").resize((256, 300)).save(png, "PNG")
    return png.getvalue()


@pytest.fixture
def tiny_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(real_esrgan, "RealEsrgan", partial(RealEsrgan, shape=TINY))


def restoring(folder: Path, weights: Path | None) -> Portraits:
    return Portraits(ArrayCache(folder / "cache", 100), max_side=1920, max_megapixels=50, realesrgan=weights)


@pytest.mark.usefixtures("tiny_network")
def test_a_small_portrait_is_restored_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[int, int, int, int]] = []
    enlarge = RealEsrgan.enlarge

    def count(self: RealEsrgan, picture: NDArray[np.uint8], x0: int, y0: int, x1: int, y1: int) -> NDArray[np.uint8]:
        calls.append((x0, y0, x1, y1))
        return enlarge(self, picture, x0, y0, x1, y1)

    monkeypatch.setattr(RealEsrgan, "enlarge", count)
    write_weights(tmp_path / "tiny.bin", random_layer(np.random.default_rng(0)))
    first = restoring(tmp_path, tmp_path / "tiny.bin")
    restored, origin = first.get(small_portrait())
    assert (origin, len(calls)) == ("made", 1)
    assert first.get(small_portrait())[1] == "memory"
    again, origin = restoring(tmp_path, tmp_path / "tiny.bin").get(small_portrait())
    assert (origin, len(calls)) == ("disk", 1)
    np.testing.assert_array_equal(again.portrait.picture, restored.portrait.picture)
    plain, origin = restoring(tmp_path, None).get(small_portrait())
    assert (origin, len(calls)) == ("made", 1)
    assert plain.portrait.picture.shape == restored.portrait.picture.shape
    assert not np.array_equal(plain.portrait.picture, restored.portrait.picture)


@pytest.mark.usefixtures("tiny_network")
def test_the_key_knows_the_weights(tmp_path: Path) -> None:
    write_weights(tmp_path / "a.bin", random_layer(np.random.default_rng(0)))
    write_nearest(tmp_path / "b.bin")
    keys = {restoring(tmp_path, path).key(b"x") for path in (None, tmp_path / "a.bin", tmp_path / "b.bin")}
    assert len(keys) == 3


def test_unusable_weights_of_real_esrgan_are_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "page.bin").write_text("<html>")
    portraits = restoring(tmp_path, tmp_path / "page.bin")
    assert "lipsync models fetch realesrgan" in caplog.text
    assert portraits.upscaler is None
    assert portraits.key(b"x") == restoring(tmp_path, None).key(b"x")


@pytest.mark.usefixtures("tiny_network")
def test_the_setting_and_the_weights_decide_whether_portraits_are_restored(tmp_path: Path) -> None:
    def upscaler(**settings: str) -> object:
        folders = {"checkpoints": tmp_path, "cache": tmp_path, "outputs": tmp_path}
        return LipsyncService(Settings(**folders, **settings)).status()["upscaler"]  # type: ignore[arg-type]

    assert upscaler() is None
    write_nearest(tmp_path / "realesrgan-x4plus.bin")
    assert upscaler() == "realesrgan"
    assert upscaler(upscale="off") is None
