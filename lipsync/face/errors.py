"""Errors raised by the package ``lipsync.face``; the sentence of each code lies in the message catalogues."""

from __future__ import annotations

from lipsync.errors import LipsyncError
from lipsync.messages import Message, alternatives
from lipsync.storage.file_formats import PICTURES


class PortraitError(LipsyncError):
    """A picture, or the face in it, cannot be animated."""


def not_a_picture(format_name: str | None) -> PortraitError:
    """The error for a file that is not an accepted picture; it names the file's format where that is known."""
    finding = Message("finding.other_format", format=format_name) if format_name else Message("finding.unreadable")
    return PortraitError("not_a_picture", finding=finding, formats=alternatives([one.name for one in PICTURES]))
