"""The documents say what is there: settings, routes, commands, options, make's targets, licences, examples."""

from __future__ import annotations

import ast
import hashlib
import json
import re
import shlex
import string
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from pydantic import SecretStr

from lipsync.cli import main
from lipsync.errors import OF_A_VIDEO, SENTENCES
from lipsync.file_formats import PICTURES, VIDEOS, names
from lipsync.installation import IMAGE_VARIABLE
from lipsync.settings import Settings
from lipsync.speech.languages import LANGUAGES
from lipsync.web.app import create_app
from lipsync.web.wish import Wish
from tests.web.still import StillService
from tools.requirements import extras, required

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
DOCUMENTS = {
    path.relative_to(ROOT).as_posix(): path.read_text("utf-8")
    for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *(ROOT / name for name in ("Dockerfile", ".ci/run")))
}
SOURCES = {path: ast.parse(path.read_text("utf-8")) for path in sorted((ROOT / "lipsync").rglob("*.py"))}


def section(title: str, text: str = README) -> str:
    """What stands under a heading of the README."""
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE)
    assert found is not None, f"README.md has no “{title}”"
    return found[1]


def rows(text: str, first: str) -> list[list[str]]:
    """The rows, cell by cell and without backquotes, of the table whose head begins with ``first``."""
    lines = iter(text.splitlines())
    assert any(line.startswith(f"| {first} |") for line in lines), f"no table of “{first}”"
    next(lines)
    table = []
    for line in lines:
        if not line.startswith("|"):
            break
        table.append([cell.strip().replace("`", "") for cell in line.strip("|").split("|")])
    return table


# ---- settings


def test_the_table_of_settings_is_the_class() -> None:
    def shown(value: object) -> str:
        if isinstance(value, SecretStr):  # of a default there is nothing to hide
            value = value.get_secret_value()
        if value is None or isinstance(value, bool):
            return str(value).lower()
        return f"{value:g}" if isinstance(value, float) else str(value)

    there = [
        [f"LIPSYNC_{name.upper()}", shown(field.default), field.description]
        for name, field in Settings.model_fields.items()
    ]
    table = "\n".join(f"| `{name}` | `{default}` | {means} |" for name, default, means in there)
    assert rows(section("Settings"), "setting") == there, f"the table should be\n{table}"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_no_document_names_a_setting_that_is_not_there(document: str) -> None:
    known = {f"LIPSYNC_{name.upper()}" for name in Settings.model_fields} | {"LIPSYNC_CI", IMAGE_VARIABLE}
    assert set(re.findall(r"LIPSYNC_[A-Z_]+\b", DOCUMENTS[document])) <= known


# ---- the API


@pytest.fixture
def app(settings: Settings) -> Flask:
    return create_app(settings, StillService(settings))


def test_the_table_of_routes_is_the_application(app: Flask) -> None:
    there = {
        f"{method} {rule.rule}"
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert {row[0] for row in rows(section("The API"), "call")} == there


def test_the_table_of_fields_is_the_form() -> None:
    assert [row[0] for row in rows(section("The API"), "field of `generate`")] == [*Wish.model_fields, "image"]


def test_the_readme_lists_the_accepted_files() -> None:
    means = {row[0]: row[1] for row in rows(section("The API"), "field of `generate`")}["image"]
    assert f": {names(PICTURES, ' or ')}, or with Wav2Lip a short video: {names(VIDEOS, ' or ')};" in means


def test_the_accepted_files_are_listed_once() -> None:
    """In the code every other list is made of that one."""
    listed = re.compile(r"JPEG, PNG|MP4, MOV, WebM, MKV|image/png|image/webp")
    found = [
        path.relative_to(ROOT).as_posix()
        for folder in ("lipsync", "static", "templates")
        for path in sorted((ROOT / folder).rglob("*"))
        if path.suffix in (".py", ".js", ".html") and listed.search(path.read_text("utf-8"))
    ]
    assert found == ["lipsync/file_formats.py"]


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
        assert set(fields) <= {*Wish.model_fields, "image"}


def test_the_error_of_the_readme_is_what_is_said() -> None:
    example = re.search(r"\{\"error\".*?\}", README)
    assert example is not None
    error = json.loads(example[0])
    assert error["error"] == SENTENCES[error["code"]].ru


# ---- the command line


def options_of(capsys: pytest.CaptureFixture[str], *command: str) -> str:
    with pytest.raises(SystemExit) as ended:
        main([*command, "--help"])
    assert ended.value.code == 0
    return capsys.readouterr().out


def test_the_tables_of_the_command_line_are_its_help(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "C")
    text = section("The command line")
    commands = [row[0].split()[1] for row in rows(text, "command")]
    there = re.findall(r"^ {4}(\w+) ", options_of(capsys), re.MULTILINE)
    assert commands == there
    named = set(re.findall(r"--[a-z]+", " ".join(row[0] for row in rows(text, "option of `say`"))))
    assert named == set(re.findall(r"--[a-z]+", options_of(capsys, "say"))) - {"--help"}
    for command in set(commands) - {"say"}:
        assert set(re.findall(r"--[a-z]+", options_of(capsys, command))) - {"--help"} <= named


def test_every_lipsync_command_in_the_documents_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    for name, text in DOCUMENTS.items():
        for words in re.findall(r"(?:bin/|-m |`)lipsync (\w+.*?)(?:#|`|$)", text, re.MULTILINE):
            command, *rest = shlex.split(words)
            known = options_of(capsys, command)
            if rest and re.search(rf"^ {{4}}{re.escape(rest[0])} ", known, re.MULTILINE):  # keys add, models fetch
                known += options_of(capsys, command, rest[0])
            for option in rest:
                assert not option.startswith("-") or option == "-" or f"{option}" in known, f"{name}: {words}"


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
    named = re.findall(r"`((?:lipsync|tests|docs|bench|templates|static)/[\w./]*)`", text)
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
    text = " ".join(section("Languages and voices").split())
    assert [one.english for one in LANGUAGES if one.english not in text] == []


# ---- the sentences


def placeholders(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


@pytest.mark.parametrize("code", SENTENCES)
def test_a_sentence_says_the_same_in_both_languages(code: str) -> None:
    sentence = SENTENCES[code]
    assert sentence.en.strip()
    assert re.search(r"[а-яё]", sentence.ru)
    assert not re.search(r"[а-яё]", sentence.en)
    assert placeholders(sentence.en) == placeholders(sentence.ru)


def raised() -> Iterator[tuple[str, ast.Call, ast.AST]]:
    """Where each LipsyncError is made: the place, the call, the function (or module) around it."""
    for path, tree in SOURCES.items():
        functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
        around = {id(inner): function for function in functions for inner in ast.walk(function)}  # the innermost last
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "LipsyncError":
                yield f"{path.relative_to(ROOT)}:{node.lineno}", node, around.get(id(node), tree)


def codes_of(code: ast.expr, function: ast.AST) -> set[str] | None:
    """The codes that an expression may give; None where it is worked out elsewhere."""
    if isinstance(code, ast.Constant):
        return {str(code.value)}
    if isinstance(code, ast.IfExp):
        choices = [code.body, code.orelse]
    elif isinstance(code, ast.Name):
        assigned = (node for node in ast.walk(function) if isinstance(node, ast.Assign))
        choices = [node.value for node in assigned if ast.unparse(node.targets[0]) == code.id]
    else:
        return None
    found = [codes_of(choice, function) for choice in choices]
    return set().union(*(codes or () for codes in found)) if found and None not in found else None


def test_every_error_has_a_sentence_and_gives_it_its_facts() -> None:
    worked_out = []
    for place, call, function in raised():
        codes = codes_of(call.args[0], function)
        if codes is None:
            worked_out.append(place.split(":")[0])
            continue
        facts = {keyword.arg for keyword in call.keywords}
        for code in codes:
            assert code in SENTENCES, place
            needed = placeholders(SENTENCES[code].en)
            # With **more, what is spelled out must at least be wanted.
            assert facts - {None} <= needed if None in facts else facts == needed, f"{place}: {code}"
    # werkzeug's own errors: tests/web tries each of them. And where an error is told again that was raised before: a
    # job's, and in the log without what a person has said.
    assert set(worked_out) == {"lipsync/web/errors.py", "lipsync/jobs/job.py", "lipsync/logs.py"}


def test_what_is_said_of_a_video_needs_the_same_facts() -> None:
    for code, sentence in OF_A_VIDEO.items():
        for spoken in (sentence.en, sentence.ru):
            assert placeholders(spoken) == placeholders(SENTENCES[code].en)
        assert sentence.status == SENTENCES[code].status


def test_every_sentence_is_said_somewhere() -> None:
    said = {
        node.value
        for path, tree in SOURCES.items()
        if path.relative_to(ROOT / "lipsync").as_posix() not in ("errors.py", "web/faults.py")
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert set(SENTENCES) - said == set()


# ---- .ci/run


def test_ci_s_script_is_sound() -> None:
    subprocess.run(["bash", "-n", ROOT / ".ci/run"], check=True)
    assert DOCUMENTS[".ci/run"].rstrip().endswith("\nmake test")
