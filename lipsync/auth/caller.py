"""The caller of a request and the scopes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Scope = Literal["generate", "admin"]
SCOPES: tuple[Scope, ...] = ("generate", "admin")


@dataclass(frozen=True)
class Caller:
    """A person or program: owns the jobs that its requests create, and has its own rate limit."""

    name: str
    """``address 127.0.0.1``, ``key 1a2b3c4d`` or ``jwt <subject>``."""
    scopes: frozenset[Scope]
