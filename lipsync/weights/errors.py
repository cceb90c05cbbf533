"""Errors raised by the package ``lipsync.weights``; the sentence of each code lies in the message catalogues."""

from __future__ import annotations

from lipsync.errors import LipsyncError


class WeightsError(LipsyncError):
    """A file of weights is unknown, unusable, or lacks its licence's acceptance."""


class DownloadError(LipsyncError):
    """A download failed; another source may work."""


class CorruptDownloadError(LipsyncError):
    """What was downloaded is not the expected file; continuing from it would not help."""
