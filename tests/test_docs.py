"""The documents say what is there: settings, routes, commands, options, make's targets, licences, examples."""

from __future__ import annotations

import hashlib
import json
import re
import shlex
import subprocess
import tomllib
from pathlib import Path

import click
import pytest
from flask import Flask

from lipsync.cli.main import lipsync_group
from lipsync.runtime.installation import IMAGE_VARIABLE
from lipsync.server.app import create_app
from lipsync.server.request_body import VideoRequestBody
from lipsync.settings import Settings
from lipsync.text.languages import LANGUAGES
from tests.helpers.fake_service import FakeService
from tools.requirements import extras, required

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
MAX_README_LINES = 150
DOCUMENTS = {
    path.relative_to(ROOT).as_posix(): path.read_text("utf-8")
    for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *(ROOT / name for name in ("Dockerfile", ".ci/run")))
}


# ---- the README


@pytest.mark.parametrize("document", ["README.md", "README.ru.md"])
def test_the_readme_is_short(document: str) -> None:
    assert len(DOCUMENTS[document].splitlines()) <= MAX_README_LINES


def test_both_readmes_have_the_same_sections_and_commands() -> None:
    english, russian = DOCUMENTS["README.md"], DOCUMENTS["README.ru.md"]
    for pattern in (
        r"^(#+) ",
        r"```(\w*)\n",
        r"\]\((docs/[^)]*)\)",
        r"`(LIPSYNC_\w+)`",
        r"^(make \w+)",
        r"^(docker \w+)",
    ):
        found = [re.findall(pattern, text, re.MULTILINE) for text in (english, russian)]
        assert found[0], pattern
        if pattern == r"^(#+) ":
            assert found[0] == found[1]
        else:
            assert set(found[0]) == set(found[1]), pattern


# ---- settings


@pytest.mark.parametrize("document", DOCUMENTS)
def test_no_document_names_a_setting_that_is_not_there(document: str) -> None:
    known = {f"LIPSYNC_{name.upper()}" for name in Settings.model_fields} | {"LIPSYNC_CI", IMAGE_VARIABLE}
    assert set(re.findall(r"LIPSYNC_[A-Z_]+\b", DOCUMENTS[document])) <= known


# ---- the API


@pytest.fixture
def app(settings: Settings) -> Flask:
    return create_app(settings, FakeService(settings))


def test_the_accepted_files_are_listed_once() -> None:
    """In the code every other list is made of that one."""
    listed = re.compile(r"JPEG, PNG|MP4, MOV, WebM, MKV|image/png|image/webp")
    found = [
        path.relative_to(ROOT).as_posix()
        for path in sorted((ROOT / "lipsync").rglob("*"))
        if path.suffix in (".py", ".js", ".html") and listed.search(path.read_text("utf-8"))
    ]
    assert found == ["lipsync/storage/file_formats.py"]


@pytest.mark.parametrize("document", ["README.md", "README.ru.md"])
def test_the_curl_of_the_document_gets_a_video(document: str, app: Flask) -> None:
    commands = re.findall(r"^curl (?:.|\\\n)*", DOCUMENTS[document].replace("\\\n", ""), re.MULTILINE)
    bodies = [shlex.split(command) for command in commands]
    sent = [words[words.index("-d") + 1] for words in bodies if "-d" in words]
    assert sent
    with app.test_client() as client:
        for body in sent:
            with client.post("/api/generate", json=json.loads(body)) as response:
                assert (response.status_code, response.mimetype) == (200, "video/mp4")
    for words in bodies:
        fields = [words[i + 1].split("=")[0] for i, word in enumerate(words) if word == "-F"]
        assert set(fields) <= {*VideoRequestBody.model_fields, "image"}


def test_the_error_of_the_document_is_what_the_server_answers(app: Flask) -> None:
    example = re.search(r'^\{"error".*\}$', DOCUMENTS["docs/jobs.md"], re.MULTILINE)
    assert example
    answer = app.test_client().post("/api/generate", json={"text": ""}, headers={"Accept-Language": "en"})
    assert answer.get_json() == json.loads(example[0])


# ---- the command line


def options_of(command: click.Command) -> set[str]:
    context = command.context_class(command, info_name=command.name)
    return {name for parameter in command.get_params(context) for name in parameter.opts}


def test_every_lipsync_command_in_the_documents_is_there() -> None:
    found = 0
    for name, text in DOCUMENTS.items():
        for line in re.findall(r"(?:bin/|-m |`)lipsync (\w+.*?)(?:#|`|$)", text, re.MULTILINE):
            found += 1
            first, *rest = shlex.split(line)
            assert first in lipsync_group.commands, f"{name}: {line}"
            command = lipsync_group.commands[first]
            known = options_of(command)
            if rest and isinstance(command, click.Group) and not rest[0].startswith("-"):  # keys add, models fetch
                assert rest[0] in command.commands, f"{name}: {line}"
                known |= options_of(command.commands[rest[0]])
            for word in rest:
                option = word.partition("=")[0]
                assert not word.startswith("-") or word == "-" or option in known, f"{name}: {line}"
    assert found >= 15


# ---- make


def test_make_s_targets_are_documented_and_there() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)[1].split())  # type: ignore[index]
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    named = {
        target for text in DOCUMENTS.values() for target in re.findall(r"(?:`|^)make\s(\w[\w-]*)", text, re.MULTILINE)
    }
    assert named == targets
    for variable in re.findall(r"\b([A-Z]+)=", "\n".join(re.findall(r"^make .*$", README, re.MULTILINE))):
        assert re.search(rf"^{variable} (\?=|:=)", makefile, re.MULTILINE), variable


# ---- files, licences


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_file_that_a_document_names_is_there(document: str) -> None:
    text, folder = DOCUMENTS[document], (ROOT / document).parent
    links = [link.split("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link]
    named = re.findall(r"`((?:lipsync|tests|docs|bench)/[\w./]*)`", text)
    missing = [link for link in links if link and not (folder / link).exists()]
    assert missing + [name for name in named if not (ROOT / name).exists()] == []


def test_every_asset_stands_in_the_notice_with_its_checksum() -> None:
    notice = (ROOT / "NOTICE").read_text("utf-8")
    named = dict(re.findall(r"^(lipsync/assets/\S+)\n(?:  .*\n)*?  sha256 ([0-9a-f]{64})$", notice, re.MULTILINE))
    files = (path for path in (ROOT / "lipsync/assets").rglob("*") if path.is_file())
    there = {path.relative_to(ROOT).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    assert named == there


def test_every_dependency_stands_in_the_notice() -> None:
    needed = [line for extra in (None, *extras()) for line in required(extra) if not line.startswith("setuptools")]
    notice = (ROOT / "NOTICE").read_text("utf-8")
    named = {re.split(r"[^\w.-]", one)[0] for one in needed}
    assert {name for name in named if not re.search(rf"^  {re.escape(name)} ", notice, re.MULTILINE)} == set()


def test_the_licence_of_the_package_is_the_file() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["license"] == "Apache-2.0"
    assert "Apache License\n                           Version 2.0" in (ROOT / "LICENSE").read_text("utf-8")


def test_everything_that_docker_copies_is_in_git() -> None:
    wanted = [
        name
        for line in re.findall(r"^COPY (.*)$", DOCUMENTS["Dockerfile"], re.MULTILINE)
        for name in line.split()[:-1]
    ]
    allowed = re.findall(r"^!(.*)$", (ROOT / ".dockerignore").read_text("utf-8"), re.MULTILINE)
    assert {name.split("/")[0] for name in wanted} - {"."} <= set(allowed)
    assert [name for name in (*wanted, *allowed) if name != "." and not list(ROOT.glob(name))] == []


# ---- examples, languages


@pytest.mark.slow
def test_the_python_of_the_readme_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LIPSYNC_OUTPUTS", str(tmp_path / "outputs"))
    monkeypatch.setenv("LIPSYNC_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("LIPSYNC_WARM_UP", "false")
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    exec(code, {})
    (video,) = (tmp_path / "outputs").glob("*.mp4")
    assert capsys.readouterr().out.startswith(str(video))


def test_every_language_is_named() -> None:
    text = " ".join(DOCUMENTS["docs/voices.md"].split())
    assert [one.english for one in LANGUAGES if one.english not in text] == []


# ---- .ci/run


def test_ci_s_script_is_sound() -> None:
    subprocess.run(["bash", "-n", ROOT / ".ci/run"], check=True)
    assert DOCUMENTS[".ci/run"].rstrip().endswith("\nmake test")
