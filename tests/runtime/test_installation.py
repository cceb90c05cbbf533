"""The sentence that says how an extra is added is right where it is read."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from lipsync.errors import LipsyncError
from lipsync.runtime.installation import DISTRIBUTION, IMAGE_VARIABLE, command_to_add
from lipsync.server.app import ROOT
from lipsync.weights import state_dict


def test_in_a_checkout_make_adds_it() -> None:
    assert command_to_add("wav2lip", environment={}) == "make install EXTRAS=wav2lip"


@pytest.mark.parametrize("name", ["Dockerfile", "Dockerfile.cuda"])
def test_in_an_image_another_is_built(name: str) -> None:
    command = command_to_add("xtts", environment={IMAGE_VARIABLE: name})
    assert command == f"docker build -f {name} --build-arg EXTRAS=redis,xtts -t lipsync ."
    assert f"{IMAGE_VARIABLE}={name} " in (ROOT / name).read_text("utf-8")


def test_from_a_wheel_pip_adds_it_by_a_name_that_is_ours(tmp_path: Path) -> None:
    assert command_to_add("hibari", environment={}, root=tmp_path) == "pip install 'lipsync-server[hibari]'"
    assert tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["name"] == DISTRIBUTION


def test_no_file_tells_to_install_the_other_project() -> None:
    """On PyPI, lipsync is somebody else's."""
    folders = ("lipsync", "tests", "docs", "bench", "deploy", "tools")
    files = [
        path for folder in folders for path in (ROOT / folder).rglob("*") if path.suffix in {".py", ".md", ".html"}
    ]
    wrong = "lipsync" + "["
    named = [
        path.name
        for path in (*files, *ROOT.glob("*.md"), *ROOT.glob("Dockerfile*"))
        if wrong in path.read_text("utf-8")
    ]
    assert named == []


def test_what_needs_pytorch_says_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "torch", None)
    with pytest.raises(LipsyncError, match="make install EXTRAS=wav2lip"):
        state_dict.import_torch("Wav2Lip")
