"""Parts of the documents."""

from __future__ import annotations

import re
from pathlib import Path

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")


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
