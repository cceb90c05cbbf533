"""``lipsync keys add``, ``list``, ``revoke``."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from lipsync.auth.keys import check_key
from lipsync.cli.main import main
from lipsync.settings import Settings
from lipsync.storage.database import connect

CAPTURED = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """English, and a database of the test's own."""
    monkeypatch.setenv("LC_ALL", "C")
    monkeypatch.setenv("LIPSYNC_STATE", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def is_taken(key: str) -> bool:
    engine = connect(Settings())
    try:
        return check_key(engine, key).caller.name == f"key {key[5:13]}"
    finally:
        engine.dispose()


def test_a_key_is_made_shown_once_listed_and_revoked(capsys: CAPTURED) -> None:
    assert main(["keys", "add", "Анна"]) == 0
    said = capsys.readouterr()
    key = said.out.strip()
    assert re.fullmatch(r"lips_[0-9a-f]{8}_[A-Za-z0-9_-]{43}", key)  # so that KEY=$(lipsync keys add …) works
    assert "not be shown again" in said.err
    assert is_taken(key)
    assert main(["keys", "list"]) == 0
    listed = capsys.readouterr().out
    assert key[5:13] in listed
    assert "generate" in listed
    assert "Анна" in listed
    assert key[14:] not in listed
    assert main(["keys"]) == 0
    assert capsys.readouterr().out == listed
    assert main(["keys", "revoke", key[5:13]]) == 0
    assert "revoked" in capsys.readouterr().out
    assert main(["keys", "list"]) == 0
    assert "revoked" in capsys.readouterr().out


def test_scopes_and_json(capsys: CAPTURED) -> None:
    assert main(["keys", "add", "--scope", "admin", "--scope", "generate", "Ann", "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert (made["name"], made["scopes"], made["revoked"]) == ("Ann", ["generate", "admin"], None)
    assert is_taken(made.pop("key"))
    assert main(["keys", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [made]
    assert main(["keys", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [made]
    assert main(["keys", "revoke", made["id"], "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["revoked"].endswith("+00:00")


def test_what_cannot_be_is_said(capsys: CAPTURED, monkeypatch: pytest.MonkeyPatch) -> None:
    assert main(["keys", "revoke", "nobody"]) == 2
    assert capsys.readouterr().err == "There is no key “nobody”. List the keys with: lipsync keys list.\n"
    assert main(["keys", "add", " "]) == 2
    for command in (["keys", "sing"], ["keys", "add", "Ann", "--scope", "root"], ["keys", "revoke"]):
        assert main(command) == 2
    monkeypatch.setenv("LIPSYNC_STATE", "/dev/null/state")
    capsys.readouterr()
    assert main(["keys", "list"]) == 1
    assert "/dev/null/state" in capsys.readouterr().err


def test_it_speaks_russian_to_whom_does(capsys: CAPTURED, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "ru_RU.UTF-8")
    assert main(["keys", "list"]) == 0
    assert capsys.readouterr().err == "нет\n"
    assert main(["keys", "add", "Ann"]) == 0
    assert "не будет показан" in capsys.readouterr().err
