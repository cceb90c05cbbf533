"""Errors raised by the package ``lipsync.conversation.personas``; the sentences lie in the message catalogues."""

from __future__ import annotations

from lipsync.errors import LipsyncError


class PersonaError(LipsyncError):
    """A persona is unknown, or its file is invalid."""
