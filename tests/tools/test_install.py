"""The calls of pip that install lipsync and its extras."""

from __future__ import annotations

from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tools.install import main, pip_commands
from tools.requirements import ROOT


def files(command: list[str]) -> list[str]:
    return [command[index + 1] for index, part in enumerate(command) if part == "-r"]


def test_the_plain_install_takes_the_plain_lock_file() -> None:
    packages, itself = pip_commands([], "none", itself=True)
    assert files(packages) == ["requirements.txt"]
    assert "--require-hashes" in packages
    assert itself[-2:] == ["-e", "."]
    assert "--no-build-isolation" in itself, "the build would take the newest setuptools"


@pytest.mark.parametrize(
    ("torch", "expected"),
    [
        ("cpu", [["requirements-redis.txt", "requirements-wav2lip.txt"], ["requirements-torch.txt"]]),
        ("cuda", [["requirements-redis.txt", "requirements-wav2lip.txt", "requirements-torch-cuda.txt"]]),
        ("none", [["requirements-redis.txt", "requirements-wav2lip.txt"]]),
    ],
)
def test_extras_take_their_lock_files_and_a_build_of_pytorch(torch: str, expected: list[list[str]]) -> None:
    commands = pip_commands(["redis", "wav2lip"], torch, itself=False)
    assert [files(command) for command in commands] == expected
    assert all("--require-hashes" in command and "--no-deps" in command for command in commands)
    assert all((ROOT / name).is_file() for command in commands for name in files(command))


@pytest.mark.parametrize(
    ("options", "compiled"), [([], [ROOT / "lipsync"]), (["--only-requirements"], [])], ids=["all", "requirements"]
)
def test_the_package_is_compiled_once_it_is_installed(
    options: list[str], compiled: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folders: list[Path] = []
    monkeypatch.setattr("tools.install.subprocess.run", lambda command, **_: CompletedProcess(command, 0))
    monkeypatch.setattr("tools.install.compileall.compile_dir", lambda folder, **_: folders.append(folder))
    assert main(options) == 0
    assert folders == compiled


def test_an_unknown_extra_is_refused_before_anything_is_installed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["redis,wave2lip"])
    assert ended.value.code == 2
    names = "wav2lip, hibari, xtts, conversation, redis, dev"
    assert f"unknown extra “wave2lip”. Available: {names}." in capsys.readouterr().err
