"""The picture and video files that are accepted: their names, media types and file name endings, listed once.

Error sentences, the API's description, the page and the readers take them from here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath


@dataclass(frozen=True)
class FileFormat:
    """A kind of file."""

    name: str
    """Name for people."""
    media_types: tuple[str, ...]
    """Media types by which browsers know it, the registered one first."""
    endings: tuple[str, ...]
    """Endings of file names, in lower case, with the dot."""


@dataclass(frozen=True)
class PictureFormat(FileFormat):
    """A kind of picture file."""

    reader: str
    """Name of Pillow's plugin that reads it."""


PICTURES = (
    PictureFormat("JPEG", ("image/jpeg",), (".jpg", ".jpeg"), "JPEG"),
    PictureFormat("PNG", ("image/png",), (".png",), "PNG"),
    PictureFormat("WebP", ("image/webp",), (".webp",), "WEBP"),
    PictureFormat("AVIF", ("image/avif",), (".avif",), "AVIF"),
    PictureFormat("HEIC", ("image/heic", "image/heif"), (".heic", ".heif"), "HEIF"),
    PictureFormat("GIF", ("image/gif",), (".gif",), "GIF"),
    PictureFormat("BMP", ("image/bmp",), (".bmp",), "BMP"),
    PictureFormat("TIFF", ("image/tiff",), (".tif", ".tiff"), "TIFF"),
)
VIDEOS = (
    FileFormat("MP4", ("video/mp4",), (".mp4", ".m4v")),
    FileFormat("MOV", ("video/quicktime",), (".mov",)),
    FileFormat("WebM", ("video/webm",), (".webm",)),
    FileFormat("MKV", ("video/x-matroska",), (".mkv",)),
    FileFormat("AVI", ("video/x-msvideo",), (".avi",)),
    FileFormat("MPEG", ("video/mpeg",), (".mpg", ".mpeg")),
)


def names(formats: Sequence[FileFormat], last: str = ", ") -> str:
    """The names in a row, with ``last`` before the last one: ``names(VIDEOS, " or ")``."""
    *others, final = (one.name for one in formats)
    return last.join((", ".join(others), final)) if others else final


def media_types(formats: Sequence[FileFormat]) -> tuple[str, ...]:
    """The media types of all the formats."""
    return tuple(media_type for one in formats for media_type in one.media_types)


def endings(formats: Sequence[FileFormat]) -> tuple[str, ...]:
    """The file name endings of all the formats."""
    return tuple(ending for one in formats for ending in one.endings)


def media_type_of(path: PurePath) -> str:
    """The media type of a file by its name's ending; ``application/octet-stream`` for any other."""
    ending = path.suffix.lower()
    found = (one.media_types[0] for one in (*PICTURES, *VIDEOS) if ending in one.endings)
    return next(found, "application/octet-stream")
