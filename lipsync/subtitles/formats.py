"""Subtitle files: WebVTT (W3C) and SubRip."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Literal, Self, get_args

from lipsync.errors import LipsyncError
from lipsync.storage.atomic import AtomicFile
from lipsync.storage.errors import StorageError
from lipsync.subtitles.cues import Cue

SubtitleFormat = Literal["vtt", "srt"]
FORMATS: tuple[SubtitleFormat, ...] = get_args(SubtitleFormat)


def header(format: SubtitleFormat) -> str:
    """First lines of a file."""
    return "WEBVTT\n\n" if format == "vtt" else ""


def format_cue(cue: Cue, number: int, format: SubtitleFormat) -> str:
    """A cue in the file format, with an empty line after it. ``number`` counts from 1."""
    point = "." if format == "vtt" else ","
    times = f"{_format_time(cue.start, point)} --> {_format_time(cue.end, point)}"
    return f"{number}\n{times}\n" + "\n".join(_escape(line, format) for line in cue.lines) + "\n\n"


def _format_time(seconds: float, point: str) -> str:
    """Format a time, e.g. “01:02:03.456”."""
    thousandths = round(max(0.0, seconds) * 1000)
    minutes, rest = divmod(thousandths, 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest // 1000:02}{point}{rest % 1000:03}"


def _escape(line: str, format: SubtitleFormat) -> str:
    """Escape characters of the markup; SubRip has no escapes and must not contain an arrow, so they are replaced."""
    if format == "vtt":
        return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return line.replace("-->", "→").replace("<", "‹").replace(">", "›")


class SubtitleFile:
    """Writes cues to ``path`` as they come. The file appears when it is complete, or not at all.

    A context manager. Raises StorageError.
    """

    def __init__(self, path: Path, format: SubtitleFormat) -> None:
        self._path, self._format = path, format
        self._count = 0
        try:
            self._part = AtomicFile(path)
            self._file = self._part.path.open("w", encoding="utf-8", newline="\n")
            self._file.write(header(format))
        except OSError as error:
            raise self._storage_error(error) from error

    def write(self, cues: Iterable[Cue]) -> None:
        """Append cues."""
        try:
            for cue in cues:
                self._count += 1
                self._file.write(format_cue(cue, self._count, self._format))
        except OSError as error:
            raise self._storage_error(error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: BaseException | TracebackType | None) -> None:
        try:
            self._file.close()
            if kind is None:
                self._part.publish()
        except OSError as error:
            raise self._storage_error(error) from error
        finally:
            self._part.discard()

    def _storage_error(self, error: OSError) -> LipsyncError:
        return StorageError("cannot_write", place=self._path, reason=error.strerror or type(error).__name__)
