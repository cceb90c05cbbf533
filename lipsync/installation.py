"""How this copy of lipsync is installed, and so by which command an extra of pyproject.toml is added to it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

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
