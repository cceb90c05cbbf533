"""The reference pages: they are what the code says, and each shows what a reader looks for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lipsync.pipeline.request import VideoRequestFields
from lipsync.settings import Settings
from tools import reference


@pytest.mark.parametrize("name", reference.PAGES)
def test_the_page_is_what_the_code_says(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    assert (reference.FOLDER / name).read_text("utf-8") == reference.PAGES[name](), "run `make docs`"


def test_a_page_that_differs_fails_the_check_and_is_left_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(reference, "FOLDER", tmp_path)
    monkeypatch.setattr(reference, "PAGES", {"settings.md": reference.settings_page})
    (tmp_path / "settings.md").write_text("old\n")
    monkeypatch.setattr("sys.argv", ["reference", "--check"])
    assert reference.main() == 1
    assert (tmp_path / "settings.md").read_text() == "old\n"
    assert "run `make docs`" in capsys.readouterr().out
    monkeypatch.setattr("sys.argv", ["reference"])
    assert reference.main() == 0
    assert (tmp_path / "settings.md").read_text("utf-8") == reference.settings_page()


def test_every_setting_has_a_row_with_its_default() -> None:
    rows = re.findall(r"^\| `(LIPSYNC_\w+)` \| (?:`([^`]*)`|empty) \|", reference.settings_page(), re.MULTILINE)
    assert [name for name, _ in rows] == [f"LIPSYNC_{name.upper()}" for name in Settings.model_fields]
    assert ("LIPSYNC_PORT", "3000") in rows


def test_every_call_is_described_with_its_errors() -> None:
    document = reference.openapi_document()
    page = reference.api_page()
    calls = re.findall(r"^### `(\w+ /\S*)`", page, re.MULTILINE)
    assert sorted(calls) == sorted(f"{method} {path}" for path, method, _ in reference.operations(document))
    codes = re.findall(r"^\| `(\w+)` \| \d{3}", page, re.MULTILINE)
    assert {"empty_text", "unknown_voice", "queue_full", "no_face"} <= set(codes)
    named = set(re.findall(r"`(\w+)`", " ".join(re.findall(r"^Errors: .*$", page, re.MULTILINE))))
    assert named <= set(codes)


def test_every_command_is_described_with_its_options() -> None:
    page = reference.cli_page()
    commands = re.findall(r"^## `(.*)`$", page, re.MULTILINE)
    assert commands[:2] == ["lipsync", "lipsync avatars"]
    groups = {"keys": ("add", "list", "revoke"), "models": ("fetch", "list", "verify")}
    groups["voices"] = ("add", "delete", "list")
    expected = {"lipsync", *(f"lipsync {name}" for name in ("say", "serve", "doctor", "avatars", *groups))}
    expected |= {f"lipsync {group} {name}" for group, names in groups.items() for name in names}
    assert set(commands) == expected
    say = page[page.index("## `lipsync say`") : page.index("## `lipsync serve`")]
    options = re.findall(r"^\| `(?:-o FILE`, `)?(--)?([\w-]+)", say, re.MULTILINE)
    assert {name.replace("-", "_") for _, name in options} > {*VideoRequestFields.model_fields, "TEXT"} - {"text"}
    assert "| `--avatar TEXT` | `LIPSYNC_AVATAR` | name of an avatar" in say
    assert "| `--speed NUMBER` | `1` | " in say
    assert "| `--engine [auto\\|wav2lip\\|puppet]` | `LIPSYNC_ENGINE` | " in say
    assert "help." not in page
    assert "Sentinel" not in page


def test_the_command_line_is_described_in_english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "ru_RU.UTF-8")
    assert "Start the server." in reference.cli_page()


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        ({"type": "integer", "minimum": 0, "maximum": 4294967295}, "integer, 0 to 4294967295"),
        ({"type": "number", "exclusiveMinimum": 0}, "number, above 0"),
        ({"enum": ["a", "b"]}, "`a`, `b`"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "string or null"),
        ({"type": "array", "items": {"$ref": "#/components/schemas/JobAnswer"}}, "list of [JobAnswer](#jobanswer)"),
    ],
)
def test_the_values_of_a_schema_are_written_out(schema: dict[str, object], text: str) -> None:
    assert reference.type_text(schema) == text
