"""Errors raised by the package ``lipsync.video``; the sentence of each code lies in the message catalogues."""

from __future__ import annotations

from lipsync.errors import LipsyncError
from lipsync.messages import alternatives
from lipsync.storage.file_formats import VIDEOS


class VideoError(LipsyncError):
    """A video file cannot be used as an avatar."""


def not_a_video() -> VideoError:
    """The error for a file that is not an accepted video."""
    return VideoError("not_a_video", formats=alternatives([one.name for one in VIDEOS]))
