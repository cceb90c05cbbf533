"""Errors raised by the package ``lipsync.auth``; the sentence of each code lies in the message catalogues."""

from __future__ import annotations

from lipsync.errors import LipsyncError


class AuthError(LipsyncError):
    """The caller has no valid key or token, lacks a scope, or the server would be unprotected."""
