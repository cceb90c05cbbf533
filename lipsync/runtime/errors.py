"""Errors raised by the package ``lipsync.runtime``; the sentence of each code lies in the message catalogues."""

from __future__ import annotations

from lipsync.errors import LipsyncError


class InstallationError(LipsyncError):
    """A part of the installation is missing; the sentence says how to add it."""


class SettingError(LipsyncError):
    """An environment variable that looks like a setting and is not one."""
