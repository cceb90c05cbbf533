"""Errors raised by the package ``lipsync.language_models``; the sentences lie in the message catalogues."""

from __future__ import annotations

from lipsync.errors import LipsyncError


class LanguageModelError(LipsyncError):
    """A language model cannot be reached, is too slow, or broke off."""
