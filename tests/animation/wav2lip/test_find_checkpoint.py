"""Which checkpoint is used, and what is said when none can be."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from lipsync.animation.wav2lip.find_checkpoint import find_checkpoint
from lipsync.settings import Settings

KEYS = ("face_encoder_blocks.0.0.conv_block.0.weight", "audio_encoder.0.x", "face_decoder_blocks.0.0.x")


def generator(path: Path, *, old: bool = False) -> Path:
    torch.save({"state_dict": {key: torch.zeros(1) for key in KEYS}}, path, _use_new_zipfile_serialization=not old)
    return path


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(checkpoints=tmp_path)


def test_an_empty_folder_and_none_at_all(settings: Settings, tmp_path: Path) -> None:
    assert find_checkpoint(settings).path is None
    choice = find_checkpoint(Settings(checkpoints=tmp_path / "none"))
    assert (choice.path, choice.problem) == (None, None)


@pytest.mark.parametrize("old", [True, False])
def test_gan_comes_first_then_wav2lip_then_others(settings: Settings, tmp_path: Path, old: bool) -> None:
    for name in ("a.pth", "wav2lip256.pth", "wav2lip.pth", "Wav2Lip_GAN.pth"):
        path = generator(tmp_path / name, old=old)
        assert find_checkpoint(settings).path == path  # each is better than those before


def test_what_is_no_generator_is_passed_over(settings: Settings, tmp_path: Path) -> None:
    torch.save({"face_encoder.0.conv_block.0.weight": torch.zeros(1)}, tmp_path / "lipsync_expert.pth")
    (tmp_path / "notes.txt").write_text("face_encoder_blocks face_decoder_blocks audio_encoder")
    (tmp_path / "wav2lip_gan.pth").write_text("<html>")
    choice = find_checkpoint(settings)
    assert choice.path is None
    assert choice.problem is not None
    assert choice.problem.code == "weights_page"
    assert find_checkpoint(Settings(checkpoints=tmp_path, checkpoint=None)).path is None
    path = generator(tmp_path / "mine.pt")
    assert find_checkpoint(settings).path == path


def test_safetensors_are_recognised(settings: Settings, tmp_path: Path) -> None:
    from safetensors.torch import save_file  # noqa: PLC0415

    save_file({key: torch.zeros(1) for key in KEYS}, tmp_path / "mine.safetensors")
    assert find_checkpoint(settings).path == tmp_path / "mine.safetensors"


def test_the_named_file_is_taken_at_its_word(settings: Settings, tmp_path: Path) -> None:
    generator(tmp_path / "wav2lip_gan.pth")
    named = settings.model_copy(update={"checkpoint": tmp_path / "none.pth"})
    choice = find_checkpoint(named)
    assert choice.path is None  # nobody who names a file wants another
    assert choice.problem is not None
    assert choice.problem.code == "weights_missing"
    mine = generator(tmp_path / "mine.bin")
    assert find_checkpoint(settings.model_copy(update={"checkpoint": mine})).path == mine
