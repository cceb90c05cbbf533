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

from lipsync.animation.types import ARKIT_NAMES, FaceTrack
from lipsync.errors import LipsyncError
from lipsync.speech.types import Speech
from lipsync.storage.atomic import AtomicFile
from lipsync.storage.errors import StorageError

_DIGITS = 5
_ROWS = ("pose", "torso", "gaze")
"""Fields of FaceTrack that are written besides the weights, a row for each frame."""
_PARTS = ("opening", *_ROWS, "phones")
"""Lists that follow ``weights`` in the file, in this order."""


class TrackFile:
    """Writes ``{"fps", "names", "weights", "opening", "pose", "torso", "gaze", "phones"}`` in bounded memory.

    Each list but the last has one entry for each frame. ``weights``: 52 weights in the order of ``names``, in [0, 1].
    ``opening``: how far the lips are apart, in distances of the outer eye corners. ``pose``: yaw to the picture's
    right, pitch up and counterclockwise roll of the head in degrees, then its shift right and down in distances of
    the outer eye corners. ``torso``: shift of the shoulders right and down in the same distances, and
    counterclockwise roll in degrees. ``gaze``: turn of the eyes in the head, degrees to the picture's right and up;
    the weights ``eyeLook…`` say the same. ``phones``: one ``{"symbol", "start", "end"}`` for each phone, in seconds
    from the start of the video.

    The lists grow at the same time but stand one after another in the file, so those after ``weights`` wait in
    temporary files. Like a video, the file appears whole or not at all.

    Raises LipsyncError ``cannot_write``.
    """

    def __init__(self, path: Path, fps: int) -> None:
        self._path = path
        self._rows = 0
        self._begun: set[str] = set()
        with ExitStack() as opened:  # closes what was opened when the rest cannot be
            try:
                if path.is_dir():
                    raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
                self._part = AtomicFile(path)
                opened.callback(self._part.discard)
                self._parts: dict[str, IO[str]] = {
                    name: opened.enter_context(tempfile.TemporaryFile("w+", encoding="utf-8")) for name in _PARTS
                }
                self._file: IO[str] = opened.enter_context(self._part.path.open("w", encoding="utf-8"))
            except OSError as error:
                raise self._refused(error) from error
            self._opened = opened.pop_all()
        self._file.write(f'{{"fps": {fps}, "names": {json.dumps(ARKIT_NAMES)},\n"weights": [')

    def write(self, speech: Speech, begins: float, track: FaceTrack, openings: NDArray[np.float32]) -> None:
        """Add what is spoken from ``begins`` on (seconds), its T frames and their (T,) openings.

        Raises ValueError when the numbers of frames differ.
        """
        if len(openings) != len(track):
            raise ValueError(f"{len(openings)} openings for {len(track)} frames")
        try:
            for place, opening in enumerate(openings):
                self._file.write((",\n" if self._rows else "\n") + _row(track.weights[place]))
                self._add("opening", str(round(float(opening), _DIGITS)), ",")
                for name in _ROWS:
                    self._add(name, _row(getattr(track, name)[place]), ",\n")
                self._rows += 1
            for phone in speech.phones:
                entry = {
                    "symbol": phone.symbol,
                    "start": round(begins + phone.start, _DIGITS),
                    "end": round(begins + phone.end, _DIGITS),
                }
                self._add("phones", json.dumps(entry, ensure_ascii=False), ",\n")
        except OSError as error:
            raise self._refused(error) from error

    def close(self) -> None:
        """Put the parts together and give the file its name."""
        try:
            self._file.write("\n]")
            for name, part in self._parts.items():
                self._file.write(f',\n"{name}": [')
                part.seek(0)
                shutil.copyfileobj(part, self._file)
                self._file.write("]")
            self._file.write("\n}\n")
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

    def _add(self, name: str, entry: str, separator: str) -> None:
        self._parts[name].write(separator + entry if name in self._begun else entry)
        self._begun.add(name)

    def _refused(self, error: OSError) -> LipsyncError:
        return StorageError("cannot_write", place=str(self._path), reason=error.strerror or type(error).__name__)


def _row(values: NDArray[np.float32]) -> str:
    return json.dumps([round(float(value), _DIGITS) for value in values])
