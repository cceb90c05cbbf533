"""Sound files whose header states their length, WAV and FLAC: complete before their first byte is read.

Not all readers handle a header without a length. Samples read of a file of 24,000 samples:

===================  ================  =================  ===============  ======
data bytes in a WAV  Python's wave     libsndfile         scipy            FFmpeg
===================  ================  =================  ===============  ======
the true number      24,000            24,000             24,000           24,000
0xFFFFFFFF           2,147,483,647     24,000             24,000, warns    24,000
0x7FFFFFFF           1,073,741,823     24,000             24,000, warns    24,000
0                    error, or 0       0                  error, or 0      24,000
===================  ================  =================  ===============  ======

libsndfile cannot read a FLAC without a number of samples at all. So these two formats wait until all is spoken.
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

from lipsync.audio.encode import FORMATS, SoundWriter
from lipsync.audio.wav import HEADER_BYTES, MAX_DATA_BYTES, wav_header
from lipsync.errors import LipsyncError
from lipsync.messages import Message
from lipsync.storage.errors import StorageError

_FAILURES = (OSError, av.FFmpegError)
_MEMORY_BYTES = 4_000_000
"""Maximum bytes kept in memory (83 s of WAV at 24,000 Hz); a longer file goes to a temporary file."""
_CHUNK_BYTES = 65_536


class SoundFile:
    """A temporary mono sound file. A context manager; not thread-safe.

    Creation, ``add`` and ``finish`` raise StorageError.
    """

    def __init__(self, name: str, rate: int) -> None:
        """``name`` is one of FORMATS that is not streamed; ``rate`` in Hz."""
        if FORMATS[name].is_streamed:
            raise ValueError(f"{name} is a streamed format: use SoundWriter")
        self.size = 0
        """Size of the file in bytes, after :meth:`finish`."""
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
        """Append (n,) samples in [-1, 1]."""
        try:
            self._writer.add(samples)
            full = self._name == "wav" and self._file.tell() - HEADER_BYTES > MAX_DATA_BYTES
        except _FAILURES as error:
            raise _cannot_write(error) from error
        if full:
            reason = Message("cause.wav_limit")
            raise StorageError("cannot_write", place="WAV", reason=reason)

    def finish(self) -> None:
        """Complete the file: write buffered samples, and the length into the header."""
        try:
            self._writer.finish()
            self.size = self._file.seek(0, 2)
            if self._name == "wav":
                self._file.seek(0)
                self._file.write(wav_header(self._rate, self.size - HEADER_BYTES))
        except _FAILURES as error:
            raise _cannot_write(error) from error

    def read(self) -> Iterator[bytes]:
        """Read the file in chunks, after :meth:`finish`. The file is closed at its end."""
        try:
            self._file.seek(0)
            while chunk := self._file.read(_CHUNK_BYTES):
                yield chunk
        finally:
            self.close()

    def close(self) -> None:
        """Delete the temporary file. A second call does nothing."""
        with suppress(*_FAILURES):  # flushing libav's buffers may fail: the file is discarded anyway
            self._writer.close()
        with suppress(OSError):
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: BaseException | TracebackType | None) -> None:
        self.close()


def _cannot_write(error: OSError | av.FFmpegError) -> LipsyncError:
    return StorageError("cannot_write", place=gettempdir(), reason=error.strerror or type(error).__name__)
