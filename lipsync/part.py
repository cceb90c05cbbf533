"""Files that are not whole yet: they have hidden names beside their own, and are renamed when they are."""

from __future__ import annotations

import secrets
from pathlib import Path

PREFIX = ".lipsync-"
SUFFIX = ".part"


def part_of(path: Path) -> Path:
    """Where ``path`` is written before it is whole: a new name in the same folder."""
    return path.absolute().with_name(f"{PREFIX}{secrets.token_hex(8)}{SUFFIX}")


def is_part(path: Path) -> bool:
    """Whether it is such a file."""
    return path.name.startswith(PREFIX) and path.suffix == SUFFIX
