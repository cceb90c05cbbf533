"""The rules of docs/style.md that can be checked by a search."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.helpers.package_source import ROOT, trees

PHRASES = re.compile(
    r"\b(?:is no(?= )(?! longer| more than)|are none|is none|no more\b(?! than)|heeded|befell|befalls|told of"
    r"|whoever|whomever)\b",
)
"""Phrases that a reader would have to translate into plain English."""
FRAGMENT = re.compile(r"\A(?:Of|The same (?:of|for|of the)|In itself)\b")
"""Beginnings of a docstring that cannot be understood alone."""
WORDS = {"said", "told", "wanted", "meanwhile", "befell", "whoever"}
"""Names that name no thing."""
PARTICIPLES = {"said", "told", "kept", "made", "given", "asked", "posted", "shown", "heard", "spoken"} | WORDS
"""Names that no function has: a function is a verb or says what it returns."""
MAX_ROOT_MODULES = 6


def documented(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and text of each docstring, those below fields and constants included."""
    for node in ast.walk(tree):
        body = getattr(node, "body", [])
        for statement in body if isinstance(body, list) else []:
            value = statement.value if isinstance(statement, ast.Expr) else None
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield statement.lineno, value.value


@cache
def tokens() -> dict[Path, tuple[set[str], list[tuple[int, str]]]]:
    """The names in each module, and the line and text of each comment."""
    found: dict[Path, tuple[set[str], list[tuple[int, str]]]] = {}
    for path in trees():
        names, comments = found[path] = set(), []
        for token in tokenize.generate_tokens(io.StringIO(path.read_text("utf-8")).readline):
            if token.type == tokenize.NAME:
                names.add(token.string)
            elif token.type == tokenize.COMMENT:
                comments.append((token.start[0], token.string))
    return found


def test_docstrings_and_comments_are_plain_english() -> None:
    found = []
    for path, tree in trees().items():
        place = path.relative_to(ROOT).as_posix()
        texts = list(documented(tree))
        found += [f"{place}:{line}: {text[:60]}" for line, text in texts if FRAGMENT.match(text)]
        found += [
            f"{place}:{line}: {match[0]}"
            for line, words in (*texts, *tokens()[path][1])
            for match in PHRASES.finditer(" ".join(words.split()))
        ]
    assert found == []


def test_names_name_things() -> None:
    found = []
    for path, tree in trees().items():
        functions = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
        wrong = (tokens()[path][0] & WORDS) | {name for name in functions if name.strip("_") in PARTICIPLES}
        found += [f"{path.relative_to(ROOT).as_posix()}: {name}" for name in sorted(wrong)]
    assert found == []


def test_the_package_s_root_has_few_modules() -> None:
    assert len(list((ROOT / "lipsync").glob("*.py"))) <= MAX_ROOT_MODULES


def test_no_module_is_very_long() -> None:
    long = {path.relative_to(ROOT).as_posix(): len(path.read_text("utf-8").splitlines()) for path in trees()}
    assert {path: lines for path, lines in long.items() if lines > 350} == {}
