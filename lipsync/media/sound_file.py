"""Sound files whose header states how long they are: WAV and FLAC, whole before their first byte is read.

A header that leaves the length open is not read rightly by all. Measured, of 24,000 samples:

===================  ================  =================  ===============  ======
data bytes in a WAV  Python's wave     libsndfile         scipy            FFmpeg
===================  ================  =================  ===============  ======
the true number      24,000            24,000             24,000           24,000
0xFFFFFFFF           2,147,483,647     24,000             24,000, warns    24,000
0x7FFFFFFF           1,073,741,823     24,000             24,000, warns    24,000
0                    error, or 0       0                  error, or 0      24,000
===================  ================  =================  ===============  ======

A FLAC that states no number of samples cannot be read by libsndfile at all. So these two wait until all is spoken.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from tempfile import SpooledTemporaryFile, gettempdir
from types import TracebackType
from typing import Self

import av
import numpy as np
from numpy.typing import NDArray

from lipsync.errors import LipsyncError
from lipsync.media.sound_writer import FORMATS, SoundWriter
from lipsync.media.wav import HEADER_BYTES, MAX_DATA_BYTES, wav_header

_FAILURES = (OSError, av.FFmpegError)
_MEMORY_BYTES = 4_000_000
"""Bytes that wait in memory (83 s of WAV at 24,000 samples a second); a longer file waits on the disk."""
_PIECE_BYTES = 65_536


class SoundFile:
    """A mono sound file in a temporary place. For one thread; used as a context, or closed.

    Raises LipsyncError ``cannot_write`` when it is made, and from ``add`` and ``finish``.
    """

    def __init__(self, name: str, rate: int) -> None:
        """``name`` is one of FORMATS that is not streamed, ``rate`` samples a second."""
        if FORMATS[name].is_streamed:
            raise ValueError(f"{name} is written as a stream")
        self.size = 0
        """Bytes of the whole file, after :meth:`finish`."""
        self._name, self._rate = name, rate
        self._file: SpooledTemporaryFile[bytes] = SpooledTemporaryFile(_MEMORY_BYTES, prefix="lipsync-")  # noqa: SIM115 - see close
        try:
            if name == "wav":
                self._file.write(bytes(HEADER_BYTES))
            self._writer = SoundWriter(name, rate, self._file)
        except _FAILURES as error:
            self._file.close()
            raise _cannot_write(error) from error

    def add(self, samples: NDArray[np.float32]) -> None:
        """(n,) more samples in [-1, 1]."""
        try:
            self._writer.add(samples)
            full = self._name == "wav" and self._file.tell() - HEADER_BYTES > MAX_DATA_BYTES
        except _FAILURES as error:
            raise _cannot_write(error) from error
        if full:
            reason = {"en": "a WAV file holds 4 GB at most", "ru": "в файл WAV входит не больше 4 ГБ"}
            raise LipsyncError("cannot_write", place="WAV", reason=reason)

    def finish(self) -> None:
        """Write what is held, and the length into the header."""
        try:
            self._writer.finish()
            self.size = self._file.seek(0, 2)
            if self._name == "wav":
                self._file.seek(0)
                self._file.write(wav_header(self._rate, self.size - HEADER_BYTES))
        except _FAILURES as error:
            raise _cannot_write(error) from error

    def read(self) -> Iterator[bytes]:
        """The whole file, piece by piece, after :meth:`finish`. The file is closed at its end."""
        try:
            self._file.seek(0)
            while piece := self._file.read(_PIECE_BYTES):
                yield piece
        finally:
            self.close()

    def close(self) -> None:
        """Free the temporary file. A second call does nothing."""
        with suppress(*_FAILURES):  # what libav still holds cannot be written: the file is thrown away
            self._writer.close()
        with suppress(OSError):
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: BaseException | TracebackType | None) -> None:
        self.close()


def _cannot_write(error: OSError | av.FFmpegError) -> LipsyncError:
    return LipsyncError("cannot_write", place=gettempdir(), reason=error.strerror or type(error).__name__)
