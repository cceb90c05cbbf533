"""Who calls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Scope = Literal["generate", "admin"]
SCOPES: tuple[Scope, ...] = ("generate", "admin")


@dataclass(frozen=True)
class Caller:
    """Somebody whose requests belong together: their jobs are theirs, and their requests are counted."""

    name: str
    """``address 127.0.0.1``, ``key 1a2b3c4d`` or ``jwt <subject>``."""
    scopes: frozenset[Scope]
