"""Where weights are looked for, and what is said where they are missing or damaged."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import pytest

from lipsync.errors import LipsyncError
from lipsync.hearing.whisper_weights import find_weights, load_model
from lipsync.weights import catalogue


@pytest.fixture
def copy(tiny_whisper: Path, tmp_path: Path) -> Path:
    """A folder of weights with whisper-base in it, which may be changed."""
    shutil.copytree(tiny_whisper / "whisper-base", tmp_path / "whisper-base")
    return tmp_path


def refused(code: str, model: str, folder: Path) -> str:
    with pytest.raises(LipsyncError) as caught:
        find_weights(model, folder)
    assert caught.value.code == code
    return caught.value.message("en")


@pytest.mark.parametrize("name", ["whisper-small", "faster-whisper-small"])
def test_by_size(copy: Path, name: str) -> None:
    (copy / "whisper-base").rename(copy / name)
    assert find_weights("small", copy) == copy / name


def test_large_is_the_newest_large_one(copy: Path) -> None:
    (copy / "whisper-base").rename(copy / "faster-whisper-large-v3")
    assert find_weights("large", copy) == copy / "faster-whisper-large-v3"


def test_by_path(copy: Path, tmp_path: Path) -> None:
    assert find_weights(str(copy / "whisper-base"), tmp_path / "elsewhere") == copy / "whisper-base"


@pytest.mark.parametrize(("name", "model"), [("whisper-base", "base"), ("whisper-tiny-en", "tiny.en")])
def test_what_the_catalogue_fetches_is_found(tmp_path: Path, name: str, model: str) -> None:
    entry = catalogue.model(name)
    for path in (one.paths(tmp_path)[0] for one in (entry, *map(catalogue.model, entry.also))):
        path.parent.mkdir(exist_ok=True)
        path.touch()
    assert find_weights(model, tmp_path) == entry.paths(tmp_path)[0].parent


def test_missing_weights_name_the_command_that_fetches_them(tmp_path: Path) -> None:
    for model, name in (("base", "whisper-base"), ("tiny.en", "whisper-tiny-en"), ("medium", "whisper-base")):
        sentence = refused("hearing_no_weights", model, tmp_path)
        assert f"lipsync models fetch {name}." in sentence
        assert f"whisper-{model}" in sentence
        assert str(tmp_path) not in sentence, "callers learn no path of this machine"


@pytest.mark.parametrize("name", ["model.bin", "config.json", "tokenizer.json", "vocabulary.json"])
def test_each_file_is_needed(copy: Path, name: str) -> None:
    (copy / "whisper-base" / name).unlink()
    assert name.removesuffix(".json") in refused("hearing_incomplete_weights", "base", copy)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("model.bin", b"\x06\0\0\0 and no model"),
        ("model.bin", b""),
        ("config.json", b"no configuration"),
        ("config.json", b"[]"),
        ("tokenizer.json", b"{}"),
    ],
)
def test_damaged_weights(copy: Path, name: str, content: bytes) -> None:
    (copy / "whisper-base" / name).write_bytes(content)
    with pytest.raises(LipsyncError) as caught:
        load_model(copy / "whisper-base", 1)
    assert caught.value.code == "hearing_broken_weights"
    assert "\n" not in caught.value.message("ru")


def test_without_the_extra_it_says_what_to_install(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(LipsyncError, match="conversation") as caught:
        load_model(copy / "whisper-base", 1)
    assert caught.value.code == "hearing_not_installed"


def test_a_gpu_that_cannot_be_used_leaves_the_processor(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import ctranslate2  # noqa: PLC0415 - an extra

    monkeypatch.setattr(ctranslate2, "get_cuda_device_count", lambda: 1)
    assert load_model(copy / "whisper-base", 1).model.device == "cpu"
