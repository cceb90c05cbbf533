"""The lock files: what each holds, and where it lies.

Every install comes from them: ``make``, both Dockerfiles, CI. Each is complete by itself: the file of an extra also
holds what the plain install needs. All are cut from one resolution, so that any of them can be combined.

PyTorch is apart. Its wheels for a processor alone come from PyTorch's own index, those on PyPI bring 3 GB of CUDA; a
lock file with both in it would install both.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from pathlib import Path
from typing import Any, Literal

ROOT = Path(__file__).resolve().parent.parent

PLAIN = "requirements.txt"
"""Lock file of the install without extras."""

Torch = Literal["cpu", "cuda"]
"""Which build of PyTorch: for processors alone, or for NVIDIA GPUs."""

TORCH_FILES: dict[Torch, str] = {"cpu": "requirements-torch.txt", "cuda": "requirements-torch-cuda.txt"}
"""Lock file of PyTorch for each build."""

NEEDS_TORCH = frozenset({"wav2lip", "xtts", "dev"})
"""Extras that require PyTorch."""


def pyproject() -> dict[str, Any]:
    """The contents of pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def extras() -> list[str]:
    """Names of the extras, in the order of pyproject.toml."""
    return list(pyproject()["project"]["optional-dependencies"])


def required(extra: str | None) -> list[str]:
    """What pyproject.toml requires (PEP 508) for a lock file: to build, to run, and for an extra; sorted.

    An extra that names others (``lipsync-server[redis]``) is replaced by what those require.
    """
    content = pyproject()
    project, optional = content["project"]["name"], content["project"]["optional-dependencies"]
    wanted = [*content["build-system"]["requires"], *content["project"]["dependencies"]]
    pending = list(optional[extra]) if extra else []
    while pending:
        requirement = pending.pop()
        if others := re.fullmatch(rf"{project}\[(.*)\]", requirement):
            pending += [required for other in others[1].split(",") for required in optional[other]]
        else:
            wanted.append(requirement)
    return sorted(set(wanted))


def digest(extra: str | None) -> str:
    """The first 16 digits of the SHA-256 of :func:`required`: a lock file states the one it was made from."""
    return hashlib.sha256("\n".join(required(extra)).encode()).hexdigest()[:16]


def lock_files() -> dict[str, str | None]:
    """Names of the lock files but PyTorch's, and the extra that each is for (None: the plain install)."""
    return {PLAIN: None, **{lock_file(extra): extra for extra in extras()}}


def lock_file(extra: str) -> str:
    """Name of the lock file of an extra."""
    return f"requirements-{extra}.txt"


def pinned(text: str) -> dict[str, list[str]]:
    """The pins in the text of a lock file.

    Returns the lines ``name==version ; marker`` without their hashes, by the name as PyPI normalizes it (PEP 503);
    several where markers choose between versions.
    """
    pins: dict[str, list[str]] = {}
    for line in re.findall(r"^[A-Za-z0-9][^\s=]*==[^\\\n]*", text, re.MULTILINE):
        name = re.sub(r"[-_.]+", "-", line.split("==")[0].split("[")[0]).lower()
        pins.setdefault(name, []).append(line.strip())
    return pins
