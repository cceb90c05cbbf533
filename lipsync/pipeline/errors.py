"""Errors raised by the package ``lipsync.pipeline``; the sentence of each code lies in the message catalogues."""

from __future__ import annotations

from lipsync.errors import LipsyncError


class AnimatorError(LipsyncError):
    """The requested animator is not available, or cannot animate this avatar."""


class NotReadyError(LipsyncError):
    """The service is still loading, or failed to load."""
