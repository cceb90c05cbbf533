"""A database of the test, with jobs in it."""

from __future__ import annotations

from tests.helpers.jobs import add, engine, repository

__all__ = ["add", "engine", "repository"]
