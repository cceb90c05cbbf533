"""A face track as JSON, written while the video is made."""

from __future__ import annotations

import errno
import json
import os
import shutil
import tempfile
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import numpy as np
from numpy.typing import NDArray

from lipsync.animate.types import ARKIT_NAMES, FaceTrack
from lipsync.errors import LipsyncError
from lipsync.part import Part
from lipsync.speech.types import Speech

_DIGITS = 5


class TrackFile:
    """Writes ``{"fps", "names", "weights", "opening", "phones"}``, piece by piece, in bounded memory.

    ``weights`` has one row of 52 for each frame, in the order of ``names``; ``opening`` one number for each frame, in
    distances of the outer eye corners; ``phones`` one ``{"symbol", "start", "end"}`` for each phone, in seconds from
    the start of the video. The three grow at the same time but stand one after another in the file, so the last two
    wait in temporary files. Like a video, the file appears whole or not at all.

    Raises LipsyncError ``cannot_write``.
    """

    def __init__(self, path: Path, fps: int) -> None:
        self._path = path
        self._rows = 0
        self._phones = 0
        with ExitStack() as opened:  # closes what was opened when the rest cannot be
            try:
                if path.is_dir():
                    raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
                self._part = Part(path)
                opened.callback(self._part.discard)
                temporary = [opened.enter_context(tempfile.TemporaryFile("w+", encoding="utf-8")) for _ in range(2)]
                self._openings_file: IO[str] = temporary[0]
                self._phones_file: IO[str] = temporary[1]
                self._file: IO[str] = opened.enter_context(self._part.path.open("w", encoding="utf-8"))
            except OSError as error:
                raise self._refused(error) from error
            self._opened = opened.pop_all()
        self._file.write(f'{{"fps": {fps}, "names": {json.dumps(ARKIT_NAMES)},\n"weights": [')

    def write(self, speech: Speech, begins: float, track: FaceTrack, openings: NDArray[np.float32]) -> None:
        """Add what is spoken from ``begins`` on (seconds), its T frames and their (T,) openings."""
        try:
            for weights, opening in zip(track.weights, openings, strict=True):
                comma = ",\n" if self._rows else "\n"
                self._file.write(comma + json.dumps([round(float(weight), _DIGITS) for weight in weights]))
                self._openings_file.write(("," if self._rows else "") + str(round(float(opening), _DIGITS)))
                self._rows += 1
            for phone in speech.phones:
                entry = {
                    "symbol": phone.symbol,
                    "start": round(begins + phone.start, _DIGITS),
                    "end": round(begins + phone.end, _DIGITS),
                }
                self._phones_file.write((",\n" if self._phones else "\n") + json.dumps(entry, ensure_ascii=False))
                self._phones += 1
        except OSError as error:
            raise self._refused(error) from error

    def close(self) -> None:
        """Put the parts together and give the file its name."""
        try:
            self._file.write('\n],\n"opening": [')
            self._append(self._openings_file)
            self._file.write('],\n"phones": [')
            self._append(self._phones_file)
            self._file.write("\n]}\n")
            self._file.close()
            self._part.publish()
            self._opened.close()
        except OSError as error:
            self.abort()
            raise self._refused(error) from error

    def abort(self) -> None:
        """Leave no file."""
        with suppress(OSError):  # what they still held cannot be written; it is thrown away anyhow
            self._opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: BaseException | TracebackType | None) -> None:
        if kind is None:
            self.close()
        else:
            self.abort()

    def _append(self, part: IO[str]) -> None:
        part.seek(0)
        shutil.copyfileobj(part, self._file)

    def _refused(self, error: OSError) -> LipsyncError:
        return LipsyncError("cannot_write", place=str(self._path), reason=error.strerror or type(error).__name__)
