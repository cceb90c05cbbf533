"""What ``lipsync doctor`` says of the weights."""

from __future__ import annotations

import errno
import os
import shutil
from functools import partial
from pathlib import Path

import pytest

from lipsync.animation.wav2lip.layout import expected_shapes
from lipsync.cli import doctor
from lipsync.cli.doctor import MIN_FREE_BYTES, Finding, examine
from lipsync.face import real_esrgan, s3fd
from lipsync.settings import Settings
from lipsync.speech.engines.espeak import EspeakVoice
from lipsync.speech.engines.registry import ENGINE_FACTORIES
from lipsync.speech.types import Voice
from tests.helpers.realesrgan_weights import TINY, write_nearest


@pytest.fixture(autouse=True)
def no_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))


def finding(name: str, folder: Path) -> Finding:
    settings = Settings(
        checkpoints=folder, cache=folder / "cache", outputs=folder / "outputs", state=folder / "state"
    )
    return next(one for one in examine(settings) if one.name == name)


@pytest.mark.slow
def test_without_weights_it_says_what_they_would_add(tmp_path: Path) -> None:
    for name in ("checkpoint", "s3fd", "realesrgan"):
        one = finding(name, tmp_path)
        assert not one.found
        assert not one.needed
        assert one.adds.text("ru")
    assert str(tmp_path) in finding("checkpoint", tmp_path).detail_text("en")
    for name in ("s3fd", "realesrgan"):
        assert f"models fetch {name}" in finding(name, tmp_path).detail_text("en")


@pytest.mark.slow
def test_a_checkpoint_is_read_through(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="make install EXTRAS=wav2lip")
    weights = {key: torch.tensor(0.0).expand(shape) for key, shape in expected_shapes(96).items()}
    torch.save({"state_dict": weights}, tmp_path / "wav2lip.pth")
    one = finding("checkpoint", tmp_path)
    assert one.found
    assert "wav2lip.pth, 96 px" in one.detail_text("en")
    weights.popitem()
    torch.save({"state_dict": weights}, tmp_path / "wav2lip.pth")
    one = finding("checkpoint", tmp_path)
    assert not one.found
    assert "1 keys are missing" in one.detail_text("en")


def test_a_page_instead_of_a_checkpoint(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="make install EXTRAS=wav2lip")
    (tmp_path / "wav2lip_gan.pth").write_text("<!DOCTYPE html>")
    assert "is a web page" in finding("checkpoint", tmp_path).detail_text("en")


def test_s3fd(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="make install EXTRAS=wav2lip")
    weights = {key: torch.tensor(0.0).expand(shape) for key, shape in s3fd.expected_shapes().items()}
    torch.save(weights, tmp_path / "s3fd.pth")
    one = finding("s3fd", tmp_path)
    assert one.found
    assert "LIPSYNC_DETECTOR=s3fd" in one.detail_text("en")


def test_real_esrgan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_nearest(tmp_path / "realesrgan-x4plus.bin")
    one = finding("realesrgan", tmp_path)
    assert not one.found, "not of the real size"
    assert "weights of Real-ESRGAN x4plus" in one.detail_text("en")
    monkeypatch.setattr(real_esrgan, "RealEsrgan", partial(real_esrgan.RealEsrgan, shape=TINY))
    one = finding("realesrgan", tmp_path)
    assert one.found
    assert "LIPSYNC_UPSCALE" not in one.detail_text("en")
    monkeypatch.setenv("LIPSYNC_UPSCALE", "off")
    assert "LIPSYNC_UPSCALE=auto" in finding("realesrgan", tmp_path).detail_text("en")


@pytest.mark.parametrize("name", ["outputs", "cache", "state"])
def test_a_folder_that_cannot_be_written_gets_no_tick(tmp_path: Path, name: str) -> None:
    assert finding(name, tmp_path).found
    assert not (tmp_path / name).exists()
    (tmp_path / name).write_text("a file in its place")
    one = finding(name, tmp_path)
    assert not one.found
    assert one.needed == (name != "cache")
    assert str(tmp_path / name) in one.detail_text("en")


@pytest.mark.parametrize("full", ["no byte", "little"])
def test_a_full_disk_gets_no_tick(tmp_path: Path, full: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if full == "no byte":  # a quota, for example, of which disk_usage knows nothing

        def refuse(_file: int) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(os, "fsync", refuse)
    else:
        usage = shutil.disk_usage(tmp_path)
        monkeypatch.setattr(shutil, "disk_usage", lambda _place: usage._replace(free=MIN_FREE_BYTES - 1))
    for name in ("outputs", "state"):
        one = finding(name, tmp_path)
        assert not one.found
        assert ("No space left" if full == "no byte" else "at least 100 MB are needed") in one.detail_text("en")
    assert list(tmp_path.iterdir()) == []


def test_an_empty_database_gets_no_tick(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "lipsync.db").write_bytes(b"")
    assert "Restore it from a backup" in finding("state", tmp_path).detail_text("en")


def test_every_voice_engine_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the registry, one that is added later too."""

    def broken(_settings: Settings) -> Voice:
        raise RuntimeError("it is broken")

    monkeypatch.setattr(
        doctor, "ENGINE_FACTORIES", {**ENGINE_FACTORIES, "parrot": lambda _settings: EspeakVoice(), "owl": broken}
    )
    names = {one.name for one in examine(Settings(_env_file=None, checkpoints=tmp_path))}
    assert {"espeak-ng", "parrot", "owl", *ENGINE_FACTORIES} - {"espeak"} <= names
    assert "silero-ru" in finding("silero", tmp_path).detail_text("en")
    assert finding("parrot", tmp_path).detail_text("en").startswith("espeak-male, espeak-female, not used")
    assert (finding("owl", tmp_path).found, finding("owl", tmp_path).detail_text("en")) == (False, "it is broken")


def test_a_misspelt_setting_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIPSYNC_PROT", "3001")
    one = finding("settings", tmp_path)
    assert not one.found
    assert "LIPSYNC_PROT" in one.detail_text("en")
    assert "LIPSYNC_PORT" in one.detail_text("en")
