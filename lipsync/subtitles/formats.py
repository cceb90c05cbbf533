"""Cues in a file: WebVTT (W3C) and SubRip."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Literal, Self, get_args

from lipsync.errors import LipsyncError
from lipsync.part import Part
from lipsync.subtitles.cues import Cue

Format = Literal["vtt", "srt"]
FORMATS: tuple[Format, ...] = get_args(Format)


def read_format(value: object) -> Format:
    """``value`` as a Format. Raises LipsyncError bad_field."""
    for known in FORMATS:
        if value == known:
            return known
    expected = {"en": "vtt or srt is expected", "ru": "нужно vtt или srt"}
    raise LipsyncError("bad_field", field="subtitles", expected=expected)


def head(format: Format) -> str:
    """What a file begins with."""
    return "WEBVTT\n\n" if format == "vtt" else ""


def block(cue: Cue, number: int, format: Format) -> str:
    """One cue, of number 1 and up, with the empty line after it."""
    point = "." if format == "vtt" else ","
    times = f"{_time(cue.start, point)} --> {_time(cue.end, point)}"
    return f"{number}\n{times}\n" + "\n".join(_escaped(line, format) for line in cue.lines) + "\n\n"


def _time(seconds: float, point: str) -> str:
    """01:02:03.456"""
    thousandths = round(max(0.0, seconds) * 1000)
    minutes, rest = divmod(thousandths, 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest // 1000:02}{point}{rest % 1000:03}"


def _escaped(line: str, format: Format) -> str:
    """The signs with which a cue's markup begins; SubRip has no way to write them, and no arrow may stand in it."""
    if format == "vtt":
        return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return line.replace("-->", "→").replace("<", "‹").replace(">", "›")


class SubtitleFile:
    """Cues into ``path``, as they come; the file is there when all are in it, or not at all.

    Used as a context. Raises LipsyncError cannot_write.
    """

    def __init__(self, path: Path, format: Format) -> None:
        self._path, self._format = path, format
        self._count = 0
        try:
            self._part = Part(path)
            self._file = self._part.path.open("w", encoding="utf-8", newline="\n")
            self._file.write(head(format))
        except OSError as error:
            raise self._failed(error) from error

    def write(self, cues: Iterable[Cue]) -> None:
        """The cues that follow."""
        try:
            for cue in cues:
                self._count += 1
                self._file.write(block(cue, self._count, self._format))
        except OSError as error:
            raise self._failed(error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: BaseException | TracebackType | None) -> None:
        try:
            self._file.close()
            if kind is None:
                self._part.publish()
        except OSError as error:
            raise self._failed(error) from error
        finally:
            self._part.discard()

    def _failed(self, error: OSError) -> LipsyncError:
        return LipsyncError("cannot_write", place=self._path, reason=error.strerror or type(error).__name__)
