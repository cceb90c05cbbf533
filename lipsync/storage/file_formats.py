"""The accepted picture and video formats: names, media types and file name endings.

The only list: error messages, the API document, the page and the readers use it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath


@dataclass(frozen=True)
class FileFormat:
    """A file format."""

    name: str
    """Name to display."""
    media_types: tuple[str, ...]
    """Media types that browsers use for it, the registered one first."""
    endings: tuple[str, ...]
    """File name endings in lower case, with the dot."""


@dataclass(frozen=True)
class PictureFormat(FileFormat):
    """A picture format."""

    reader: str
    """Name of the Pillow plugin that reads it."""


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


def names(formats: Sequence[FileFormat]) -> str:
    """The names, joined by commas."""
    return ", ".join(one.name for one in formats)


def media_types(formats: Sequence[FileFormat]) -> tuple[str, ...]:
    """Return the media types of all the formats."""
    return tuple(media_type for format in formats for media_type in format.media_types)


def endings(formats: Sequence[FileFormat]) -> tuple[str, ...]:
    """Return the file name endings of all the formats."""
    return tuple(ending for format in formats for ending in format.endings)


def media_type_of(path: PurePath) -> str:
    """Return the media type for the ending of a file name; ``application/octet-stream`` for an unknown one."""
    ending = path.suffix.lower()
    matches = (format.media_types[0] for format in (*PICTURES, *VIDEOS) if ending in format.endings)
    return next(matches, "application/octet-stream")
