"""``lipsync models``: list, fetch, verify, as a person calls them."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from lipsync.cli import main as cli
from lipsync.cli.weights import _download_sizes
from lipsync.weights import catalogue

S3FD = "s3fd-619a316812.pth"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LIPSYNC_CHECKPOINTS", str(tmp_path / "weights"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("LC_ALL", "C")
    monkeypatch.setattr("sys.stdin", io.StringIO())
    return tmp_path / "weights"


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> bytes:
    """Both wav2lip-gan and s3fd are these few bytes."""
    import hashlib  # noqa: PLC0415

    content = b"\x00few bytes"
    facts = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest(), "sources": ()}
    known = {name: catalogue.model(name).model_copy(update=facts) for name in ("wav2lip-gan", "s3fd")}
    monkeypatch.setattr(catalogue, "catalogue", lambda: known)
    return content


def test_list_names_purpose_licence_and_whom_to_ask(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["models", "list"]) == 0
    said = capsys.readouterr().out
    assert cli.main(["models"]) == 0
    assert capsys.readouterr().out == said
    for word in ("wav2lip-gan", "436 MB", "research and personal use only", "https://github.com/Rudrabha/Wav2Lip"):
        assert word in said


def test_list_as_json_says_what_is_here(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    folder.mkdir()
    (folder / "wav2lip.pth").write_bytes(b"x")
    assert cli.main(["models", "list", "--json"]) == 0
    listed = capsys.readouterr().out
    assert cli.main(["models", "--json"]) == 0
    assert capsys.readouterr().out == listed
    facts = {one["name"]: one for one in json.loads(listed)}
    assert facts["wav2lip"]["found"] == str(folder / "wav2lip.pth")
    assert facts["s3fd"]["found"] is None
    assert facts["wav2lip"]["restricted"] is True


def test_fetch_without_an_address_says_whom_to_ask(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["models", "fetch", "wav2lip"]) == 2
    assert "--from" in capsys.readouterr().err
    assert cli.main(["models", "fetch", "nothing"]) == 2
    assert "s3fd" in capsys.readouterr().err


def test_a_restricting_licence_must_be_accepted(
    small: bytes, tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = tmp_path / "mine.pth"
    mine.write_bytes(small)
    assert cli.main(["models", "fetch", "wav2lip-gan", "--from", str(mine)]) == 2
    assert "--accept-licence" in capsys.readouterr().err
    assert not folder.exists()
    assert cli.main(["models", "fetch", "wav2lip-gan", "--from", str(mine), "--accept-licence"]) == 0
    assert (folder / "wav2lip_gan.pth").read_bytes() == small


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("да\n", 0), ("n\n", 2), ("", 2)])
def test_at_a_terminal_the_licence_is_asked(
    small: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str, code: int
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    shown = Terminal()
    monkeypatch.setattr("sys.stdin", Terminal(answer))
    monkeypatch.setattr("sys.stderr", shown)
    mine = tmp_path / "mine.pth"
    mine.write_bytes(small)
    assert cli.main(["models", "fetch", "wav2lip-gan", "--from", str(mine)]) == code
    assert "research and personal use only" in shown.getvalue()


def test_s3fd_restricts_nothing_and_is_not_asked_about(small: bytes, tmp_path: Path, folder: Path) -> None:
    mine = tmp_path / "mine.pth"
    mine.write_bytes(small)
    assert cli.main(["models", "fetch", "s3fd", "--from", str(mine)]) == 0
    assert (folder / S3FD).read_bytes() == small


def test_verify(small: bytes, tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["models", "verify"]) == 0  # nothing is here, and nothing was asked for
    assert cli.main(["models", "verify", "s3fd"]) == 1
    hub = tmp_path / "torch" / "hub" / "checkpoints"
    hub.mkdir(parents=True)
    (hub / S3FD).write_bytes(small)  # where face-alignment keeps it
    capsys.readouterr()
    assert cli.main(["models", "verify", "s3fd"]) == 0
    assert str(hub) in capsys.readouterr().out
    folder.mkdir()
    (folder / "wav2lip_gan.pth").write_bytes(b"<html>")
    assert cli.main(["models", "verify"]) == 1
    assert "it is a web page" in capsys.readouterr().out


def test_an_archive_counts_once_in_the_progress_of_a_set() -> None:
    models = [catalogue.model(name) for name in ("whisper-tiny-en", *catalogue.model("whisper-tiny-en").also)]
    assert _download_sizes(models) == [model.size for model in models]
    assert _download_sizes(models[1:])[0] > 70_000_000  # the archive
    assert _download_sizes([]) == []
