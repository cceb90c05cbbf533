"""A misspelt setting is not ignored without a word."""

from __future__ import annotations

from pathlib import Path

import pytest

from lipsync.runtime.setting_names import unknown_settings
from lipsync.settings import Settings


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("LIPSYNC_PROT", "LIPSYNC_PORT"),
        ("lipsync_outputs_max_hour", "LIPSYNC_OUTPUTS_MAX_HOURS"),
        ("LIPSYNC_VOICE", "LIPSYNC_VOICES"),
        ("LIPSYNC_SOMETHING_ELSE", None),
    ],
)
def test_an_unknown_name_and_the_nearest_setting(tmp_path: Path, name: str, nearest: str | None) -> None:
    (problem,) = unknown_settings({name: "1", "PATH": "/bin"}, tmp_path / ".env")
    assert problem.code == ("setting_misspelt" if nearest else "setting_unknown")
    for language in ("en", "ru"):
        assert name in problem.message(language)
        assert nearest is None or nearest in problem.message(language)


def test_what_is_a_setting_or_another_program_s_is_not_named(tmp_path: Path) -> None:
    names = [f"LIPSYNC_{name.upper()}" for name in Settings.model_fields]
    names += ["lipsync_port", "LIPSYNC_CI", "LIPSYNC_SERVICE_HOST", "LIPSYNC_PORT_3000_TCP_ADDR", "OTHER_PROT"]
    assert unknown_settings(dict.fromkeys(names, "1"), tmp_path / ".env") == []


def test_a_file_of_settings_is_looked_at_too(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("LIPSYNC_PORT=1\n# LIPSYNC_NO=1\nexport LIPSYNC_AVATARS=gauss\nLIPSYNC_BAD\x1b=1\n")
    found = {str(one.facts["name"]) for one in unknown_settings({}, file)}
    assert "LIPSYNC_AVATARS" in found
    assert not any("\x1b" in name for name in found)
    file.write_bytes(b"\xff\xfe")
    assert unknown_settings({}, file) == []


def test_a_former_name_is_reported_with_the_present_one(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("LIPSYNC_STREAMS=3\n")
    first, second = unknown_settings({"lipsync_queue": "5"}, file)
    assert (first.code, second.code) == ("setting_renamed", "setting_renamed")
    assert "LIPSYNC_QUEUE was renamed to LIPSYNC_MAX_QUEUED" in first.message("en")
    assert "LIPSYNC_MAX_STREAMS" in second.message("ru")
