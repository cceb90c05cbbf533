"""Errors raised by the package ``lipsync.audio``; the sentence of each code lies in the message catalogues."""

from __future__ import annotations

from lipsync.errors import LipsyncError


class AudioError(LipsyncError):
    """A file of sound cannot be read."""


class AudioTooLongError(LipsyncError):
    """A recording is longer than allowed."""
