"""Compares the installed packages with a lock file: ``python -m tools.installed [EXTRA]``.

Prints a line for each difference, and then ends with exit code 1.
"""

from __future__ import annotations

import sys
from importlib.metadata import distributions

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tools.requirements import NEEDS_TORCH, PLAIN, ROOT, TORCH_FILES, lock_file, pinned, pyproject

NOT_LOCKED = frozenset({"pip", "setuptools"})
"""What a virtual environment may hold besides: Python 3.11 puts both into it."""


def main(arguments: list[str] | None = None) -> int:
    """Print each difference; the exit code."""
    extra = next(iter(sys.argv[1:] if arguments is None else arguments), None)
    found = differences(installed(), locked(extra))
    print("\n".join(found) or f"The installed packages are those of {lock_file(extra) if extra else PLAIN}.")
    return 1 if found else 0


def installed() -> dict[str, str]:
    """Versions of the packages of this Python, without this project and local labels such as ``+cpu``."""
    all_of_them = {canonicalize_name(one.metadata["Name"]): Version(one.version).public for one in distributions()}
    own = canonicalize_name(pyproject()["project"]["name"])
    return {name: version for name, version in all_of_them.items() if name != own}


def locked(extra: str | None) -> dict[str, str]:
    """Versions that the lock file of an extra (None: of the plain install) asks for on this machine."""
    files = [lock_file(extra) if extra else PLAIN, *([TORCH_FILES["cpu"]] if extra in NEEDS_TORCH else [])]
    pins = pinned("".join((ROOT / file).read_text("utf-8") for file in files))
    wanted = {}
    for name, lines in pins.items():
        for requirement in map(Requirement, lines):
            if requirement.marker is None or requirement.marker.evaluate():
                wanted[name] = next(iter(requirement.specifier)).version
    return wanted


def differences(installed: dict[str, str], locked: dict[str, str]) -> list[str]:
    """One line for each package that is missing, of another version, or not in the lock file."""
    names = sorted((installed.keys() | locked.keys()) - NOT_LOCKED)
    return [
        f"{name}: {installed.get(name, 'not installed')}, and {locked.get(name, 'not')} in the lock file"
        for name in names
        if installed.get(name) != locked.get(name)
    ]


if __name__ == "__main__":
    sys.exit(main())
