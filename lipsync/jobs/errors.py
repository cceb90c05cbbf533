"""Errors raised by the package ``lipsync.jobs``; the sentence of each code lies in the message catalogues."""

from __future__ import annotations

from lipsync.errors import LipsyncError


class JobError(LipsyncError):
    """A job, or its video, is not in the state that the request needs."""


class CapacityError(LipsyncError):
    """The server cannot take this job now, or at all."""


class WebhookError(LipsyncError):
    """The webhook of a request cannot be used."""
