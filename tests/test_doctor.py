"""What ``lipsync doctor`` says of the weights."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import pytest

from lipsync import doctor
from lipsync.animate.wav2lip.layout import expected_shapes
from lipsync.doctor import MIN_FREE, Finding, examine
from lipsync.face import s3fd
from lipsync.settings import Settings
from lipsync.speech.espeak import EspeakVoice
from lipsync.speech.installed import MAKERS
from lipsync.speech.types import Voice


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
    torch = pytest.importorskip("torch", reason="make install EXTRAS=wav2lip")
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
    pytest.importorskip("torch", reason="make install EXTRAS=wav2lip")
    (tmp_path / "wav2lip_gan.pth").write_text("<!DOCTYPE html>")
    assert "is a web page" in finding("checkpoint", tmp_path).detail


def test_s3fd(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="make install EXTRAS=wav2lip")
    weights = {key: torch.tensor(0.0).expand(shape) for key, shape in s3fd.expected_shapes().items()}
    torch.save(weights, tmp_path / "s3fd.pth")
    one = finding("s3fd", tmp_path)
    assert one.found
    assert "LIPSYNC_DETECTOR=s3fd" in one.detail


@pytest.mark.parametrize("name", ["outputs", "cache", "state"])
def test_a_folder_that_cannot_be_written_gets_no_tick(tmp_path: Path, name: str) -> None:
    assert finding(name, tmp_path).found
    assert not (tmp_path / name).exists()
    (tmp_path / name).write_text("a file in its place")
    one = finding(name, tmp_path)
    assert not one.found
    assert one.needed == (name != "cache")
    assert str(tmp_path / name) in one.detail


@pytest.mark.parametrize("full", ["no byte", "little"])
def test_a_full_disk_gets_no_tick(tmp_path: Path, full: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if full == "no byte":  # a quota, for example, of which disk_usage knows nothing

        def refuse(_file: int) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(os, "fsync", refuse)
    else:
        usage = shutil.disk_usage(tmp_path)
        monkeypatch.setattr(shutil, "disk_usage", lambda _place: usage._replace(free=MIN_FREE - 1))
    for name in ("outputs", "state"):
        one = finding(name, tmp_path)
        assert not one.found
        assert ("No space left" if full == "no byte" else "at least 100 MB are needed") in one.detail
    assert list(tmp_path.iterdir()) == []


def test_an_empty_database_gets_no_tick(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "lipsync.db").write_bytes(b"")
    assert "restore it from a backup" in finding("state", tmp_path).detail


def test_every_voice_engine_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the registry, one that is added later too."""

    def broken(_settings: Settings) -> Voice:
        raise RuntimeError("it is broken")

    monkeypatch.setattr(doctor, "MAKERS", {**MAKERS, "parrot": lambda _settings: EspeakVoice(), "owl": broken})
    names = {one.name for one in examine(Settings(_env_file=None, checkpoints=tmp_path))}
    assert {"espeak-ng", "parrot", "owl", *MAKERS} - {"espeak"} <= names
    assert "silero-ru" in finding("silero", tmp_path).detail
    assert finding("parrot", tmp_path).detail.startswith("espeak-male, espeak-female, not used")
    assert (finding("owl", tmp_path).found, finding("owl", tmp_path).detail) == (False, "it is broken")


def test_a_misspelt_setting_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIPSYNC_PROT", "3001")
    one = finding("settings", tmp_path)
    assert not one.found
    assert "LIPSYNC_PROT" in one.detail
    assert "LIPSYNC_PORT" in one.detail
