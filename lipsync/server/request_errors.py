"""Errors of HTTP requests and of listening; the sentence of each code lies in the message catalogues."""

from __future__ import annotations

from lipsync.errors import LipsyncError


class RequestError(LipsyncError):
    """An HTTP request that cannot be accepted, whatever it asks for."""


class PictureUrlError(LipsyncError):
    """The picture's URL is not accepted or cannot be fetched."""


class ListenError(LipsyncError):
    """The server cannot listen on its address and port."""
