"""Errors raised by the package ``lipsync.text``; the sentence of each code lies in the message catalogues."""

from __future__ import annotations

from lipsync.errors import LipsyncError


class TextError(LipsyncError):
    """The text cannot be accepted as it is."""


class NothingToSayError(LipsyncError):
    """The text has no letters or digits, so there is nothing to speak."""


class UnknownLanguageError(LipsyncError):
    """The language is not supported, or the voice does not speak it."""
