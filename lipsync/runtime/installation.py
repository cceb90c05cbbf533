"""How this copy of lipsync is installed, and the command that adds an extra of pyproject.toml to it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from lipsync.errors import LipsyncError
from lipsync.runtime.errors import InstallationError

DISTRIBUTION = "lipsync-server"
"""Name of the distribution in pyproject.toml. On PyPI ``lipsync`` is another project."""

IMAGE_VARIABLE = "LIPSYNC_IMAGE"
"""Environment variable that our container images set: the name of the Dockerfile they were built from."""

_ROOT = Path(__file__).resolve().parents[2]


def command_to_add(extra: str, *, environment: Mapping[str, str] = os.environ, root: Path = _ROOT) -> str:
    """Return the command that adds ``extra`` to a container image, a checkout (``root``), or an installed wheel."""
    if dockerfile := environment.get(IMAGE_VARIABLE):
        return f"docker build -f {Path(dockerfile).name} --build-arg EXTRAS=redis,{extra} -t lipsync ."
    if (root / "Makefile").is_file() and (root / "requirements.txt").is_file():
        return f"make install EXTRAS={extra}"
    return f"pip install '{DISTRIBUTION}[{extra}]'"


def needs_torch(what: str) -> LipsyncError:
    """Return the error to raise where ``what`` needs PyTorch, which is not installed."""
    return InstallationError("needs_torch", what=what, remedy=command_to_add("wav2lip"))


def needs_extra(package: str, extra: str) -> LipsyncError:
    """Return the error for a package of ``extra`` that is not installed, or cannot be imported."""
    return InstallationError("missing_part", part=package, remedy=command_to_add(extra))
