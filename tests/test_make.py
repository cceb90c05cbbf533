"""``make demo``: what a person types arrives as they typed it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def demo(folder: Path, *typed: str, **environment: str) -> tuple[list[str], str]:
    """The arguments and the standard input that the Python of ``make demo`` is given."""
    make = shutil.which("make")
    if make is None:
        pytest.skip("make is not installed")
    python = folder / "python"
    python.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > "{folder}/arguments"\ncat > "{folder}/input"\n')
    python.chmod(0o755)
    variables = {
        name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")
    }
    subprocess.run(
        [make, "--silent", "--old-file=.venv/.ready", "demo", f"PY={python}", *typed],
        cwd=ROOT,
        env={**variables, **environment},
        check=True,
    )
    return (folder / "arguments").read_text().splitlines(), (folder / "input").read_text()


@pytest.mark.parametrize(
    "text",
    [
        'He said "hi".',
        "It's Привет!",
        "$HOME $(HOME) `touch x` $(shell touch x",
        "100% #5 \\ {a} ; & |",
        "-h",
        "two\nlines",
    ],
)
def test_a_text_arrives_as_it_was_typed(tmp_path: Path, text: str) -> None:
    arguments, said = demo(tmp_path, f"TEXT={text}")
    assert said == text
    assert arguments[-3:] == ["-o", "outputs/demo.mp4", "-"]


def test_language_and_avatar_are_passed_on(tmp_path: Path) -> None:
    arguments, _ = demo(tmp_path, "LANGUAGE=en", "AVATAR=my pictures/it's $1.jpg")
    assert "--language=en" in arguments
    assert "--avatar=my pictures/it's $1.jpg" in arguments


def test_the_desktop_s_language_is_not_the_text_s(tmp_path: Path) -> None:
    """gettext's LANGUAGE, which desktops set, once made the demo speak in “de:en”."""
    arguments, said = demo(tmp_path, LANGUAGE="de:en")
    assert "--language=ru" in arguments
    assert said.startswith("Привет!")
