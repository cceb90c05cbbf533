"""``make demo``: what a person types arrives as they typed it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

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
    assert "--language=auto" in arguments
    assert said.startswith("Привет!")


# ---- the installation


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with our Makefile, and a python3 whose venv installs nothing: it notes what it is asked for.

    A file ``kill`` in the folder makes the installation end as by ``kill -9``, half done.
    """
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in ("pyproject.toml", "requirements.txt", "requirements-dev.txt"):
        (tmp_path / name).touch()
    script = tmp_path / "python3"
    script.write_text(
        '#!/bin/sh\nset -e\ncase "$*" in\n'
        f'"-m venv .venv") mkdir -p .venv/bin; cp {tmp_path}/python3 .venv/bin/python; echo venv >> log;;\n'
        '"-m tools.install"*) echo "$@" >> log; touch .venv/half\n'
        "    if [ -e kill ]; then rm kill; kill -9 $PPID $$; fi\n"
        "    if [ -e refuse ]; then rm refuse; exit 1; fi; rm .venv/half;;\n"
        "esac\n"
    )
    script.chmod(0o755)
    return tmp_path


def make(checkout: Path, *arguments: str) -> tuple[int, str]:
    """Exit status of make, and what was asked for since the last time, a line each."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    run = subprocess.run(
        [shutil.which("make") or "make", "--silent", f"PYTHON={checkout}/python3", *arguments],
        cwd=checkout,
        env=variables,
        check=False,
        capture_output=True,
    )
    log = checkout / "log"
    asked = log.read_text() if log.exists() else ""
    log.unlink(missing_ok=True)
    return run.returncode, asked


PLAIN, DEV = "-m tools.install --torch cpu\n", "-m tools.install --torch cpu dev\n"


def test_an_installation_happens_once_and_again_when_the_lock_file_changes(checkout: Path) -> None:
    assert make(checkout, ".venv/.ready") == (0, "venv\n" + PLAIN)
    assert make(checkout, ".venv/.ready") == (0, "")
    os.utime(checkout / "requirements.txt", (2**31, 2**31))
    assert make(checkout, ".venv/.ready")[1].endswith(PLAIN)


@pytest.mark.parametrize(("target", "asked"), [(".venv/.ready", PLAIN), (".venv/.ready-dev", PLAIN + DEV)])
def test_an_interrupted_installation_is_repaired_by_the_next(checkout: Path, target: str, asked: str) -> None:
    (checkout / "kill").touch()
    status, _ = make(checkout, target)
    assert status != 0
    assert (checkout / ".venv/half").exists()
    assert make(checkout, target) == (0, "venv\n" + asked)
    assert not (checkout / ".venv/half").exists()
    assert make(checkout, target) == (0, "")


def test_an_installation_of_the_tools_that_is_interrupted_is_repaired(checkout: Path) -> None:
    make(checkout, ".venv/.ready")
    (checkout / "kill").touch()
    assert make(checkout, ".venv/.ready-dev")[0] != 0
    assert make(checkout, ".venv/.ready-dev") == (0, "venv\n" + PLAIN + DEV)


def test_what_pip_refuses_leaves_the_rest_installed(checkout: Path) -> None:
    make(checkout, "install", "EXTRAS=redis")
    (checkout / "refuse").touch()
    assert make(checkout, "install", "EXTRAS=wav2lip")[0] != 0
    assert make(checkout, "install", "EXTRAS=wav2lip") == (0, PLAIN.replace("\n", " wav2lip\n"))


def test_two_do_not_install_at_once(checkout: Path) -> None:
    (checkout / ".venv").mkdir()
    (checkout / ".venv/.installing").write_text(f"{os.getpid()}\n")
    assert make(checkout, ".venv/.ready")[0] != 0
    assert make(checkout, ".venv/.ready")[1] == ""


def test_extras_are_installed_again_with_a_new_lock_file(checkout: Path) -> None:
    assert make(checkout, "install", "EXTRAS=wav2lip redis", "TORCH=cuda")[1].endswith(
        "-m tools.install --torch cuda wav2lip redis\n"
    )
    os.utime(checkout / "requirements.txt", (2**31, 2**31))
    assert make(checkout, ".venv/.ready")[1].endswith("-m tools.install --torch cpu wav2lip redis\n")
    (checkout / "kill").touch()
    make(checkout, ".venv/.ready-dev")
    assert make(checkout, ".venv/.ready") == (0, "venv\n-m tools.install --torch cpu wav2lip redis\n")
