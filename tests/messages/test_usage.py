"""Every message is used, every used message exists, and no sentence for people stands in the code."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from lipsync import errors
from lipsync.cli import doctor, say
from lipsync.face.avatar_part import REASONS
from lipsync.face.avatars import shipped_avatars
from lipsync.jobs.job import STATES
from lipsync.messages import DEFAULT_LANGUAGE, template
from lipsync.messages.catalogue import COUNTED
from lipsync.pipeline.request import VideoRequestFields
from lipsync.server import route_errors
from lipsync.server.errors import _BY_CODE, _CODES, status_of_code
from lipsync.server.page_words import Words, admin_words, talk_words, words
from lipsync.weights.catalogue import catalogue
from tests.helpers.package_source import PACKAGE, ROOT, trees
from tests.messages.test_catalogues import ENGLISH

LISTS_OF_CODES = ("errors.py", "server/errors.py", "server/route_errors.py", "server/error_fields.py")
"""Files that list error codes without raising them."""

LINGUISTIC = re.compile(
    r"text/|conversation/personas/|language_models/disclosure|subtitles/|speech/engines/silero\.py|speech/alignment/"
    r"|hearing/(hallucinations|unfinished_words|short_words)\."
)
"""Modules whose Cyrillic letters are data about languages."""

WERKZEUG = (*_CODES.values(), "bad_request", "file_too_large", "body_too_large", "internal")
"""Codes for the errors of werkzeug."""

CODES = {name.removeprefix("error.") for name in ENGLISH if name.startswith("error.")}


def placeholders(code: str) -> set[str]:
    text = template(f"error.{code}", DEFAULT_LANGUAGE)
    sentence = text if isinstance(text, str) else text["other"]
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


@cache
def strings() -> list[tuple[Path, str]]:
    """All string constants of the package, without docstrings."""
    found: list[tuple[Path, str]] = []
    for path, tree in trees().items():
        nodes = list(ast.walk(tree))
        statements = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
        constants = (node for node in nodes if isinstance(node, ast.Constant) and id(node) not in statements)
        found += [(path, node.value) for node in constants if isinstance(node.value, str)]
    return found


def derived() -> set[str]:
    """Ids that the code puts together."""
    return {
        *(f"state.{state}" for state in STATES),
        *(f"part.{reason}" for reason in REASONS),
        *(f"avatar.{avatar.name}" for avatar in shipped_avatars()),
        *(f"weights.{name}" for name in catalogue()),
        *(f"cli.stage_{stage}" for stage in say.STAGES),
        *(f"doctor.for_{name}" for name in (*doctor._DESCRIBED, "other_voice")),
        *(f"help.{name}" for name in VideoRequestFields.model_fields),
        *(f"error.{code}_video" for code in errors._IN_VIDEO),
        *(name for name in ENGLISH if name.startswith("voice.")),  # checked below
    }


def test_every_named_message_exists() -> None:
    kinds = "|".join({name.partition(".")[0] for name in ENGLISH})
    other = re.compile(r".*(_|\.(py|js|css|svg|html|toml|json|log|wav|mp3|mp4|onnx))")
    """Beginnings of ids that the code completes, and names of files."""
    named = {(str(path), text) for path, text in strings() if re.fullmatch(rf"({kinds})\.[\w-]+", text)}
    assert [one for one in sorted(named) if one[1] not in ENGLISH and not other.fullmatch(one[1])] == []
    assert derived() <= set(ENGLISH)


def test_every_message_is_used() -> None:
    named = {text for _, text in strings()}
    lists = {PACKAGE / name for name in LISTS_OF_CODES}
    raised = {f"error.{text}" for path, text in strings() if text in CODES and path not in lists}
    raised |= {f"error.{code}" for code in WERKZEUG}
    doctor_names = {text.replace(" ", "_").replace("-", "_") for path, text in strings() if path.stem == "doctor"}
    looked = {f"doctor.for_{name}" for name in doctor_names}
    on_pages = {name for name in ENGLISH if name.startswith(("page.", "talk.", "admin."))}  # the next test
    assert sorted(set(ENGLISH) - named - looked - raised - derived() - on_pages) == []


@pytest.mark.parametrize(
    ("messages", "page"), [(words(), "studio"), (talk_words(), "talk"), (admin_words(), "admin")]
)
def test_a_page_uses_its_messages_and_no_others(messages: Words, page: str) -> None:
    sources = [
        path.read_text(encoding="utf-8")
        for folder in ("shared", page)
        for path in (PACKAGE / "server/static" / folder).glob("*.js")
    ]
    others = [PACKAGE / f"server/templates/{name}.html" for name in (page, "page", "base", "macros")]
    if page == "admin":
        others.append(PACKAGE / "server/monitoring/admin.py")  # names of folders
    else:
        others.append(PACKAGE / "server/templates/login.html")
    text = "\n".join([*sources, *(path.read_text(encoding="utf-8") for path in others)])
    keys = set(messages[DEFAULT_LANGUAGE])
    completed = tuple(re.findall(r"`(\w+_)\$\{", text))  # `step_${stage}`
    assert [key for key in sorted(keys) if not re.search(rf"\b{key}\b", text) and not key.startswith(completed)] == []
    asked = set(re.findall(r"""(?:translate|message|setMessage)\((?:\w+, )?["'](\w+)["']""", text))
    asked |= set(re.findall(r"""data-i18n(?:-\w+)?="(\w+)""" + '"', text)) | set(
        re.findall(r"messages\.(?!js)(\w+)", text)
    )
    assert sorted(asked - keys) == []


def test_every_voice_with_a_label_exists() -> None:
    labels = {name.removeprefix("voice.") for name in ENGLISH if name.startswith("voice.")}
    text = (PACKAGE / "speech/engines").glob("*.py")
    code = "\n".join(path.read_text(encoding="utf-8") for path in text)
    for label in labels:
        assert f'"{label}"' in code or f'"{label.removeprefix("silero-").replace("-", "_")}"' in code or label in code


# ---- errors


def raised() -> Iterator[tuple[str, ast.Call, ast.AST]]:
    """Where each error is made: the place, the call, the function (or module) around it."""
    families = {"LipsyncError"} | {
        node.name
        for tree in trees().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and any(ast.unparse(base) == "LipsyncError" for base in node.bases)
    }
    for path, tree in trees().items():
        functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
        around = {id(inner): function for function in functions for inner in ast.walk(function)}  # the innermost last
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in families:
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


def test_every_error_has_a_message_and_gives_it_its_facts() -> None:
    worked_out = []
    for place, call, function in raised():
        codes = codes_of(call.args[0], function)
        if codes is None:
            worked_out.append(place.split(":")[0])
            continue
        facts = {keyword.arg for keyword in call.keywords} - {"field"}
        for code in codes:
            assert code in CODES, place
            needed = placeholders(code) - {"field"}
            # With **more, the facts that are spelled out must at least be needed.
            assert facts - {None} <= needed if None in facts else facts == needed, f"{place}: {code}"
    # werkzeug's own errors: tests/server tries each of them. And where an error is restored: a job's, and in the log
    # without texts of people.
    assert set(worked_out) == {"lipsync/server/errors.py", "lipsync/jobs/job.py", "lipsync/runtime/logs.py"}


def test_the_lists_of_codes_name_codes_that_exist() -> None:
    listed = {code for value in vars(route_errors).values() if isinstance(value, tuple) for code in value}
    assert listed <= CODES
    assert errors.SERVER_FAULTS <= CODES
    assert set(_BY_CODE) <= CODES
    assert set(errors._IN_VIDEO) <= CODES


def test_the_status_says_who_is_at_fault() -> None:
    for code in CODES:
        assert (status_of_code(code) >= 500) == (code.removesuffix("_video") in errors.SERVER_FAULTS), code


def test_a_message_of_a_video_needs_the_same_facts() -> None:
    for code in errors._IN_VIDEO:
        assert placeholders(f"{code}_video") == placeholders(code)


def test_counted_messages_exist() -> None:
    assert set(COUNTED) <= set(ENGLISH)


# ---- no sentences in the code


def test_no_cyrillic_stands_in_the_code() -> None:
    found = [
        f"{path.relative_to(PACKAGE)}: {text[:60]}"
        for path, text in strings()
        if re.search("[А-Яа-яЁёІіЇїЄєҐґӘәҒғҚқҢңӨөҰұҮүҺһ]", text)
        and not LINGUISTIC.match(path.relative_to(PACKAGE).as_posix())
    ]
    assert found == []


@pytest.mark.parametrize("ending", ["js", "html", "toml"])
def test_no_cyrillic_stands_in_pages_and_data(ending: str) -> None:
    for path in PACKAGE.rglob(f"*.{ending}"):
        if LINGUISTIC.match(path.relative_to(PACKAGE).as_posix()):
            continue
        assert not re.search("[А-Яа-яЁё]", path.read_text(encoding="utf-8")), path
