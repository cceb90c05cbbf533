"""How this copy of lipsync is installed, and so by which command an extra of pyproject.toml is added to it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from lipsync.errors import LipsyncError

DISTRIBUTION = "lipsync-server"
"""Name of the distribution in pyproject.toml. On PyPI ``lipsync`` is another project."""

IMAGE_VARIABLE = "LIPSYNC_IMAGE"
"""Environment variable that our container images set: the name of the Dockerfile they were built from."""

_ROOT = Path(__file__).resolve().parent.parent


def command_to_add(extra: str, *, environment: Mapping[str, str] = os.environ, root: Path = _ROOT) -> str:
    """The command that adds ``extra``: in a container image, in a checkout (its folder ``root``), or from a wheel."""
    if dockerfile := environment.get(IMAGE_VARIABLE):
        return f"docker build -f {Path(dockerfile).name} --build-arg EXTRAS=redis,{extra} -t lipsync ."
    if (root / "Makefile").is_file() and (root / "requirements.txt").is_file():
        return f"make install EXTRAS={extra}"
    return f"pip install '{DISTRIBUTION}[{extra}]'"


def needs_torch(what: str) -> LipsyncError:
    """The error that ``what`` needs PyTorch, which is not installed."""
    return LipsyncError("needs_torch", what=what, remedy=command_to_add("wav2lip"))


def needs_extra(package: str, extra: str) -> LipsyncError:
    """The error for a package that ``extra`` of pyproject.toml brings and that is not installed, or does not load."""
    return LipsyncError("missing_part", part=package, remedy=command_to_add(extra))
