"""Errors raised by the package ``lipsync.storage``; the sentence of each code lies in the message catalogues."""

from __future__ import annotations

from lipsync.errors import LipsyncError


class StorageError(LipsyncError):
    """A file cannot be read, written or accepted."""


class DatabaseError(LipsyncError):
    """The database of jobs and keys cannot be used."""
