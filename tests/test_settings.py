"""Settings under their present and their former names."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from lipsync.settings import RENAMED, Settings, variable


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in (*RENAMED, *Settings.model_fields):
        monkeypatch.delenv(variable(name), raising=False)


def test_a_setting_comes_from_the_environment_before_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("LIPSYNC_MAX_QUEUED=5\nLIPSYNC_MAX_STREAMS=7\n")
    monkeypatch.setenv("LIPSYNC_MAX_QUEUED", "6")
    assert (Settings().max_queued, Settings().max_streams) == (6, 7)
    assert Settings(_env_file=None).max_streams == 64


def test_former_names_work(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("LIPSYNC_STREAMS=7\nLIPSYNC_QUEUE=4\n")
    monkeypatch.setenv("lipsync_queue", "5")
    monkeypatch.setenv("LIPSYNC_REMOTE_FORM", "house")
    settings = Settings(voice_seconds=2)  # type: ignore[call-arg]
    assert (settings.max_queued, settings.max_streams, settings.remote_api) == (5, 7, "lipsync")
    assert settings.voice_timeout_s == 2


@pytest.mark.parametrize("former", RENAMED)
def test_every_former_name_leads_to_a_setting(former: str, monkeypatch: pytest.MonkeyPatch) -> None:
    value = "openai" if former == "remote_form" else "3"
    monkeypatch.setenv(variable(former), value)
    assert str(getattr(Settings(), RENAMED[former])).removesuffix(".0") == value


def test_both_names_may_have_the_same_value_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIPSYNC_QUEUE", "5")
    monkeypatch.setenv("LIPSYNC_MAX_QUEUED", "5")
    assert Settings().max_queued == 5
    monkeypatch.setenv("LIPSYNC_MAX_QUEUED", "6")
    with pytest.raises(ValidationError, match="Remove LIPSYNC_QUEUE") as caught:
        Settings()
    assert "LIPSYNC_MAX_QUEUED and its former name LIPSYNC_QUEUE have different values" in str(caught.value)


def test_an_error_of_a_former_name_is_one_of_its_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIPSYNC_QUEUE", "none")
    with pytest.raises(ValidationError) as caught:
        Settings()
    assert caught.value.errors()[0]["loc"] == ("max_queued",)
