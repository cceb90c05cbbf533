"""Checkpoints of every kind are read; everything else is told apart in one sentence.

Weights of the real layout in small files: every tensor is an expanded view of one number, and torch.save writes the
number only.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import sys
import warnings
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from lipsync.animation.wav2lip.checkpoint import load_checkpoint
from lipsync.animation.wav2lip.layout import Size, expected_shapes
from lipsync.errors import LipsyncError

pytestmark = pytest.mark.slow

Weights = dict[str, Any]


def published(size: Size = 96, prefix: str = "") -> Weights:
    """A state dict of the real layout whose every weight is its own number in a row, a tenth of it."""
    weights = {}
    for number, (key, shape) in enumerate(expected_shapes(size).items()):
        value = torch.tensor(number / 10) if shape else torch.tensor(number)
        weights[prefix + key] = value.expand(shape)
    return weights


def training(weights: Weights) -> dict[str, Any]:
    """What the published training saves."""
    moments = {0: {"step": 7, "exp_avg": torch.zeros(3), "exp_avg_sq": torch.zeros(3)}}
    optimizer = {"state": moments, "param_groups": [{"lr": 1e-4, "params": [0]}]}
    return {"state_dict": weights, "optimizer": optimizer, "global_step": 7, "global_epoch": 1}


def check(path: Path, size: Size = 96) -> None:
    """The file gives the weights of ``published``."""
    checkpoint = load_checkpoint(path)
    assert checkpoint.size == size
    assert checkpoint.script is None
    assert checkpoint.weights is not None
    assert list(checkpoint.weights) == list(expected_shapes(size))
    for number, (key, shape) in enumerate(expected_shapes(size).items()):
        value = checkpoint.weights[key]
        assert tuple(value.shape) == shape
        assert value.device.type == "cpu"
        assert value.dtype == (torch.float32 if shape else torch.int64)
        first = value.reshape(-1)[0].item()
        assert first == pytest.approx(number / 10 if shape else number, rel=1e-2)


def refused(path: Path) -> LipsyncError:
    with pytest.raises(LipsyncError) as caught:
        load_checkpoint(path)
    for language in ("en", "ru"):
        sentence = caught.value.message(language)
        assert "\n" not in sentence
        assert path.name in sentence
    return caught.value


# ---- what is read


@pytest.mark.parametrize(
    ("old", "whole", "prefix"),
    [
        (True, True, "module."),  # wav2lip.pth
        (True, True, ""),  # wav2lip_gan.pth
        (False, True, "module."),
        (False, False, "_orig_mod."),  # saved from under torch.compile
        (True, False, ""),
    ],
)
def test_torch_files_of_every_kind(tmp_path: Path, old: bool, whole: bool, prefix: str) -> None:
    path = tmp_path / "any.pth"
    weights = published(prefix=prefix)
    torch.save(training(weights) if whole else weights, path, _use_new_zipfile_serialization=not old)
    check(path)


@pytest.mark.parametrize("old", [True, False], ids=["legacy", "zip"])
def test_weights_of_a_gpu_on_a_machine_without_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: bool
) -> None:
    path = tmp_path / "wav2lip_gan.pth"
    monkeypatch.setattr(torch.serialization, "location_tag", lambda _: "cuda:0")
    torch.save(training(published()), path, _use_new_zipfile_serialization=not old)
    assert b"cuda:0" in path.read_bytes()
    check(path)


@pytest.mark.parametrize("old", [True, False], ids=["legacy", "zip"])
def test_the_256_pixel_variant_is_told_from_its_shapes(tmp_path: Path, old: bool) -> None:
    path = tmp_path / "wav2lip256.pth"
    torch.save({"state_dict": published(256)}, path, _use_new_zipfile_serialization=not old)
    check(path, 256)


def test_half_precision_becomes_float32(tmp_path: Path) -> None:
    path = tmp_path / "half.pth"
    torch.save({key: value.half() if value.dim() else value for key, value in published().items()}, path)
    check(path)


def test_counters_of_batches_may_be_missing(tmp_path: Path) -> None:
    path = tmp_path / "slim.pth"
    torch.save({key: value for key, value in published().items() if value.dim()}, path)
    weights = load_checkpoint(path).weights
    assert weights is not None
    assert weights["face_encoder_blocks.0.0.conv_block.1.num_batches_tracked"].item() == 0


def test_safetensors(tmp_path: Path) -> None:
    path = tmp_path / "wav2lip.safetensors"
    save_file({key: value.half().contiguous() for key, value in published(prefix="module.").items()}, path)
    check(path)
    path.write_bytes(path.read_bytes()[:1_000_000])
    assert refused(path).code == "weights_cut"


def test_the_sum_is_that_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "wav2lip.pth"
    torch.save(published(), path)
    assert load_checkpoint(path).sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert load_checkpoint(path).name == "wav2lip.pth"


# ---- TorchScript


def archive(module: Any, path: Path) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # torch.jit is deprecated; its files are still about
        torch.jit.save(torch.jit.script(module.eval()), str(path))
    return path


def tree(weights: Weights) -> Any:
    """A module whose state dict has these keys, without a way to run it."""
    root = torch.nn.Module()
    for key, value in weights.items():
        *parents, leaf = key.split(".")
        here = root
        for name in parents:
            if not hasattr(here, name):
                here.add_module(name, torch.nn.Module())
            here = getattr(here, name)
        here.register_buffer(leaf, value)
    return root


def test_torchscript_weights_are_taken_without_running_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = archive(tree(published()), tmp_path / "Wav2Lip-SD-GAN.pt")
    monkeypatch.delattr(torch.jit, "load")
    check(path)


class Strange(torch.nn.Module):  # type: ignore[misc]
    """Takes what Wav2Lip takes and gives what it gives, with keys of its own."""

    def __init__(self, side: int = 96) -> None:
        super().__init__()
        self.side = side
        self.mix = torch.nn.Conv2d(6, 3, 1)
        torch.nn.init.constant_(self.mix.weight, 0.1)
        torch.nn.init.zeros_(self.mix.bias)

    def forward(self, mel: torch.Tensor, face: torch.Tensor) -> torch.Tensor:
        return torch.sigmoid(self.mix(face.view(-1, 6, self.side, self.side))) + mel.mean()


@pytest.mark.parametrize("size", [96, 256])
def test_torchscript_with_keys_of_its_own_is_kept_as_a_graph(tmp_path: Path, size: Size) -> None:
    checkpoint = load_checkpoint(archive(Strange(size), tmp_path / "own.pt"))
    assert checkpoint.weights is None
    assert checkpoint.size == size
    assert checkpoint.script is not None
    mel, face = torch.zeros(2, 1, 80, 16), torch.rand(2, 6, size, size)
    with torch.inference_mode():
        assert torch.allclose(checkpoint.script(mel, face), torch.sigmoid(0.1 * face.sum(1, keepdim=True)), atol=1e-6)


class Writes(Strange):
    def forward(self, mel: torch.Tensor, face: torch.Tensor) -> torch.Tensor:  # noqa: ARG002
        torch.save(face, "stolen.pt")
        return face


class Reads(Strange):
    def forward(self, mel: torch.Tensor, face: torch.Tensor) -> torch.Tensor:  # noqa: ARG002
        return torch.from_file("secret.bin", False, 4)


@pytest.mark.parametrize("module", [Writes, Reads])
def test_a_graph_that_touches_files_is_not_run(
    tmp_path: Path, module: type[Strange], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert refused(archive(module(), tmp_path / "own.pt")).code == "weights_unsafe"
    assert not (tmp_path / "stolen.pt").exists()


@pytest.mark.parametrize(
    "line", ['x = torch . save (face, "f")', 'face.save("f")', "f = torch.save", "ops.mine.run(face)"]
)
def test_a_graph_written_by_hand_hides_nothing(tmp_path: Path, line: str) -> None:
    path = archive(Strange(), tmp_path / "own.pt")
    changed = tmp_path / "changed.pt"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(changed, "w") as new:
        for member in old.infolist():
            data = old.read(member)
            if member.filename.endswith(".py"):
                head, mark, rest = data.decode().partition("-> Tensor:\n")
                data = f"{head}{mark}    {line}\n{rest}".encode()
            new.writestr(member, data)
    assert refused(changed).code == "weights_unsafe"


def test_torchscript_of_another_network(tmp_path: Path) -> None:
    assert refused(archive(torch.nn.Conv2d(3, 3, 1), tmp_path / "other.pt")).code == "weights_other_network"


# ---- what is not a checkpoint


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "weights_empty"),
        (b"\n <!DOCTYPE html><html><title>Sign in</title></html>", "weights_page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:b78b\nsize 435807851\n", "weights_pointer"),
        ("Просто текст.\n".encode() * 200, "weights_text"),
        (b"\x80\x02\x8a\x0a", "weights_cut"),
        (bytes(range(256)) * 40, "weights_unreadable"),
        (b"\x80\x02}q\x00X\x01\x00\x00\x00aq\x01K\x01s.", "weights_unreadable"),
    ],
)
def test_other_files(tmp_path: Path, content: bytes, code: str) -> None:
    path = tmp_path / "wav2lip_gan.pth"
    path.write_bytes(content)
    assert refused(path).code == code


def test_no_file_and_a_folder(tmp_path: Path) -> None:
    assert refused(tmp_path / "none.pth").code == "weights_missing"
    assert refused(tmp_path).code == "weights_folder"


@pytest.mark.parametrize("old", [True, False], ids=["legacy", "zip"])
@pytest.mark.parametrize("share", [0.01, 0.3, 0.9, 0.999])
def test_half_a_download(tmp_path: Path, old: bool, share: float) -> None:
    path = tmp_path / "wav2lip_gan.pth"
    torch.save(training(published()), path, _use_new_zipfile_serialization=not old)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    error = refused(path)
    assert error.code == "weights_cut"
    assert "MB" in error.message("en")


@pytest.mark.parametrize("old", [True, False], ids=["legacy", "zip"])
def test_a_pickle_with_code_is_not_run(tmp_path: Path, old: bool) -> None:
    path, mark = tmp_path / "wav2lip.pth", tmp_path / "was-run"
    torch.save({"state_dict": published(), "x": Harm(mark)}, path, _use_new_zipfile_serialization=not old)
    assert refused(path).code == "weights_unsafe"
    assert not mark.exists()


class Harm:
    def __init__(self, mark: Path) -> None:
        self.mark = str(mark)

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.mkdir, (self.mark,)


def test_a_pickle_with_code_in_an_archive_is_not_run(tmp_path: Path) -> None:
    path, mark = tmp_path / "Wav2Lip-SD-GAN.pt", tmp_path / "was-run"
    with zipfile.ZipFile(path, "w") as members:
        members.writestr("x/data.pkl", pickle.dumps(Harm(mark), protocol=2))
        members.writestr("x/constants.pkl", b"")
    assert refused(path).code == "weights_unsafe"
    assert not mark.exists()


def test_a_zip_of_something_else(tmp_path: Path) -> None:
    path = tmp_path / "wav2lip.pth"
    with zipfile.ZipFile(path, "w") as members:
        members.writestr("readme.txt", "x")
    assert refused(path).code == "weights_unreadable"


def test_a_zip_that_swells_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lipsync.weights.sniff.MAX_BYTES", 1_000_000)
    path = tmp_path / "wav2lip.pth"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as members:
        members.writestr("a/data.pkl", b"x")
        members.writestr("a/data/0", bytes(2_000_000))
    assert path.stat().st_size < 100_000
    assert refused(path).code == "weights_too_large"


@pytest.mark.parametrize(
    ("key", "named"),
    [
        ("face_encoder.0.conv_block.0.weight", "SyncNet"),
        ("module.binary_pred.0.weight", "discriminator"),
        ("conv3_3_norm.weight", "S3FD"),
        ("layer1.weight", "another network"),
    ],
)
def test_other_networks_are_named(tmp_path: Path, key: str, named: str) -> None:
    path = tmp_path / "lipsync_expert.pth"
    weights = {key: torch.zeros(1)}
    if "binary" in key:  # the discriminator begins with the same key as the generator
        weights["module.face_encoder_blocks.0.0.conv_block.0.weight"] = torch.zeros(1)
    torch.save({"state_dict": weights}, path)
    error = refused(path)
    assert error.code == "weights_other_network"
    assert named in error.message("en")


def test_keys_that_do_not_fit_are_named_up_to_three(tmp_path: Path) -> None:
    path = tmp_path / "wav2lip.pth"
    weights = published()
    gone = [key for key in weights if key.startswith("audio_encoder.3.") and weights[key].dim()]
    for key in gone:
        del weights[key]
    weights["extra.weight"] = torch.zeros(1)
    torch.save(weights, path)
    error = refused(path)
    assert error.code == "weights_keys"
    assert (error.facts["missing"], error.facts["extra"]) == (len(gone), 1)
    assert str(error.facts["keys"]).split(", ") == gone[:3]


def test_another_shape(tmp_path: Path) -> None:
    path = tmp_path / "wav2lip288.pth"
    weights = published()
    weights["output_block.0.conv_block.0.weight"] = torch.zeros(1).expand(32, 96, 3, 3)
    torch.save(weights, path)
    error = refused(path)
    assert error.code == "weights_shape"
    assert "(32, 96, 3, 3)" in error.message("en")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers(tmp_path: Path, value: float) -> None:
    path = tmp_path / "wav2lip.pth"
    weights = published()
    weights["output_block.1.bias"] = torch.tensor([0.0, value, 0.0])
    torch.save(weights, path)
    error = refused(path)
    assert error.code == "weights_nan"
    assert "output_block.1.bias" in error.message("ru")


@pytest.mark.usefixtures("no_torch")
def test_without_torch_it_says_what_to_install(tmp_path: Path) -> None:
    path = tmp_path / "wav2lip.pth"
    path.write_bytes(b"PK\x03\x04")
    with pytest.raises(LipsyncError, match="make install EXTRAS=wav2lip"):
        load_checkpoint(_a_zip(path))


def _a_zip(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as members:
        members.writestr("a/data.pkl", b"x")
    return path


@pytest.fixture
def no_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
