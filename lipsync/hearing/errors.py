"""Errors raised by the package ``lipsync.hearing``; the sentences lie in the message catalogues."""

from __future__ import annotations

from lipsync.errors import LipsyncError


class HearingError(LipsyncError):
    """Speech cannot be recognized."""
