"""Errors raised by the package ``lipsync.animation``; the sentence of each code lies in the message catalogues."""

from __future__ import annotations

from lipsync.errors import LipsyncError


class MotionError(LipsyncError):
    """A motion in the folder LIPSYNC_MOTIONS cannot be used."""
