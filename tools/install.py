"""Installs lipsync with some extras into the Python that runs this, from the lock files: ``python -m tools.install``.

``make`` and both Dockerfiles install by it. Everything is checked against the hashes in the lock files.
"""

from __future__ import annotations

import argparse
import compileall
import subprocess
import sys
from collections.abc import Sequence

from tools.requirements import NEEDS_TORCH, PLAIN, ROOT, TORCH_FILES, Torch, extras, lock_file


def main(arguments: Sequence[str] | None = None) -> int:
    """Run pip as often as is needed; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.install", description=__doc__)
    parser.add_argument("extra", nargs="*", help=f"what to add to the plain install: {', '.join(extras())}")
    parser.add_argument("--torch", choices=(*TORCH_FILES, "none"), default="cpu", help="which build of PyTorch")
    parser.add_argument("--only-requirements", action="store_true", help="not lipsync itself")
    options = parser.parse_args(arguments)
    names = [name for given in options.extra for name in given.replace(",", " ").split()]
    if unknown := sorted(set(names) - set(extras())):
        parser.error(f"unknown extra “{unknown[0]}”. Available: {', '.join(extras())}.")
    torch = options.torch if NEEDS_TORCH & set(names) else "none"
    commands = pip_commands(names, torch, itself=not options.only_requirements)
    for command in commands:
        code = subprocess.run(command, cwd=ROOT, check=False).returncode
        if code:
            return code
    if not options.only_requirements:
        # A service may not write into its own folder, and would compile the source at each start.
        compileall.compile_dir(ROOT / "lipsync", quiet=1)
    return 0


def pip_commands(names: Sequence[str], torch: Torch | str, *, itself: bool) -> list[list[str]]:
    """The calls of pip for the extras ``names``; ``torch`` is ``cpu``, ``cuda`` or ``none``."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    pip += ["--root-user-action=ignore", "--no-deps"]  # a lock file is complete; torchaudio asks for any PyTorch
    files = [lock_file(name) for name in names] or [PLAIN]
    if torch == "cuda":
        files.append(TORCH_FILES["cuda"])
    commands = [[*pip, "--require-hashes", *(part for file in files for part in ("-r", file))]]
    if torch == "cpu":
        # By itself: the other packages are not looked for in PyTorch's index.
        commands.append([*pip, "--require-hashes", "-r", TORCH_FILES["cpu"]])
    if itself:
        # By the locked setuptools: in a build environment of its own it would be the newest.
        commands.append([*pip, "--no-build-isolation", "-e", "."])
    return commands


if __name__ == "__main__":
    sys.exit(main())
