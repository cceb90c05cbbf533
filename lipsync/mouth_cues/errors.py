"""Errors raised by the package ``lipsync.mouth_cues``; the sentence of each code lies in the message catalogues."""

from __future__ import annotations

from lipsync.errors import LipsyncError


class RhubarbError(LipsyncError):
    """The Rhubarb program gave no mouth cues."""


class PhoneFileError(LipsyncError):
    """The phones of a finished video are missing or cannot be read."""
