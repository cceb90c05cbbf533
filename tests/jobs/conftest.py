"""Jobs in a database of the test."""

from __future__ import annotations

from tests.helpers.jobs import add, engine, repository

__all__ = ["add", "engine", "repository"]
