"""Errors raised by the package ``lipsync.speech``; the sentence of each code lies in the message catalogues."""

from __future__ import annotations

from lipsync.errors import LipsyncError


class VoiceError(LipsyncError):
    """The requested voice cannot speak this text or language."""


class UnknownVoiceError(LipsyncError):
    """The voice is unknown."""


class SpeechFailedError(LipsyncError):
    """An engine failed to speak, or returned sound that cannot be used."""


class RemoteVoiceError(LipsyncError):
    """The remote voice server cannot be reached or returned no usable sound."""


class CloningError(LipsyncError):
    """A voice cannot be added, changed or deleted."""
