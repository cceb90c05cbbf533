"""``lipsync voices add``, ``list``, ``delete``; ``lipsync models fetch xtts``."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from lipsync.cli.main import main
from lipsync.errors import LipsyncError
from lipsync.speech.cloning.store import ClonedVoiceStore
from lipsync.speech.engines.xtts_files import find_files
from tests.speech.recordings import spoken, wav

CAPTURED = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """English, and folders of the test's own."""
    monkeypatch.setenv("LC_ALL", "C")
    for name in ("checkpoints", "cache", "outputs", "cloned_voices"):
        monkeypatch.setenv(f"LIPSYNC_{name.upper()}", str(tmp_path / name))
    monkeypatch.setenv("LIPSYNC_VOICES", "xtts,espeak")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_voice_is_added_from_files_listed_and_deleted(
    tiny_xtts: Path, here: Path, monkeypatch: pytest.MonkeyPatch, capsys: CAPTURED
) -> None:
    monkeypatch.setenv("LIPSYNC_CHECKPOINTS", str(tiny_xtts))
    speech = spoken()
    (here / "a.wav").write_bytes(wav(speech[: len(speech) // 2]))
    (here / "b.wav").write_bytes(wav(speech[len(speech) // 2 :]))
    assert main(["voices", "add", "Ann", "a.wav", "b.wav"]) == 2
    assert "--i-may-use-this-voice" in capsys.readouterr().err
    assert main(["voices", "add", "Ann", "a.wav", "b.wav", "--i-may-use-this-voice"]) == 0
    assert capsys.readouterr().out.startswith("Ann: ")
    assert main(["voices", "list", "--json"]) == 0
    (listed,) = json.loads(capsys.readouterr().out)
    assert (listed["name"], listed["sex"]) == ("Ann", "male")
    assert "may use this voice" in listed["confirmed"]
    assert main(["voices"]) == 0
    assert "xtts:Ann" in capsys.readouterr().out
    assert main(["voices", "list"]) == 0
    assert capsys.readouterr().out.startswith("Ann ")
    assert main(["voices", "delete", "ann"]) == 0
    assert main(["voices", "delete", "ann"]) == 2
    assert ClonedVoiceStore(here / "cloned_voices").list() == []


def test_adding_without_xtts_says_what_is_missing(here: Path, capsys: CAPTURED) -> None:
    (here / "a.wav").write_bytes(wav(np.zeros(100, np.float32)))
    assert main(["voices", "add", "Ann", "a.wav", "--i-may-use-this-voice"]) == 2
    assert "cannot be added" in capsys.readouterr().err
    assert main(["voices", "add", "Ann", "none.wav", "--i-may-use-this-voice"]) == 2
    assert "none.wav" in capsys.readouterr().err


def test_the_licence_of_xtts_is_asked_for_and_noted(tiny_xtts: Path, here: Path, capsys: CAPTURED) -> None:
    """A folder of the right layout is taken, whatever its sums; without the licence nothing is."""
    mine = here / "mine"
    shutil.copytree(tiny_xtts / "xtts", mine)
    (mine / "licence-accepted.json").unlink()
    assert main(["models", "fetch", "xtts", "--from", str(mine)]) == 2
    assert "--accept-licence" in capsys.readouterr().err
    assert not (here / "checkpoints").exists()
    assert main(["models", "fetch", "xtts", "--from", str(mine), "--accept-licence"]) == 0
    taken = here / "checkpoints" / "xtts"
    assert capsys.readouterr().out.strip() == str(taken)
    noted = json.loads((taken / "licence-accepted.json").read_text())
    assert "non-commercial" in noted["licence"]
    assert noted["accepted"].endswith("+00:00")
    assert (taken / "model.pth").read_bytes() == (mine / "model.pth").read_bytes()


def test_files_that_a_person_has_put_there_need_only_the_licence(tiny_xtts: Path, here: Path) -> None:
    from lipsync.settings import Settings  # noqa: PLC0415 - reads the environment

    place = here / "checkpoints" / "xtts"
    shutil.copytree(tiny_xtts / "xtts", place)
    (place / "licence-accepted.json").unlink()
    with pytest.raises(LipsyncError) as raised:
        find_files(Settings(_env_file=None))
    assert raised.value.code == "xtts_licence"
    assert main(["models", "fetch", "xtts", "--accept-licence"]) == 0  # and nothing is fetched
    assert find_files(Settings(_env_file=None)).folder == place


def test_a_folder_of_another_layout_is_not_taken(here: Path, capsys: CAPTURED) -> None:
    (here / "mine").mkdir()
    (here / "mine" / "config.json").write_text("{}")
    assert main(["models", "fetch", "xtts", "--from", str(here / "mine"), "--accept-licence"]) == 1
    assert "vocab.json" in capsys.readouterr().err
    assert not (here / "checkpoints").exists()
