"""Writes a video from frames and sound; encoding runs in a thread while the next frames are rendered."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Queue
from threading import Thread
from types import TracebackType
from typing import NoReturn, Protocol, Self

import av
import numpy as np
from numpy.typing import NDArray

from lipsync.messages import Message
from lipsync.storage.atomic import AtomicFile
from lipsync.storage.errors import StorageError
from lipsync.video.composition_offsets import make_offsets_readable
from lipsync.video.encode import Encoder
from lipsync.video.frame import Frame

_QUEUE_FRAMES = 4
"""Maximum number of items that wait for the encoder: enough to balance both threads, 8 MB at 1024x1304."""


@dataclass(frozen=True)
class _Subtitle:
    start: float
    end: float
    text: str


_Item = Frame | NDArray[np.float32] | _Subtitle
"""An item in the queue of the encoder."""


class VideoEncoder(Protocol):
    """Encodes one file. Not thread-safe. All methods raise OSError or av.FFmpegError if it cannot be written."""

    def add_sound(self, samples: NDArray[np.float32]) -> None:
        """Append (n,) float32 mono samples in [-1, 1]."""
        ...

    def add_frame(self, frame: Frame) -> None:
        """Append a frame."""
        ...

    def add_subtitle(self, start: float, end: float, text: str) -> None:
        """Append a subtitle, with times in seconds."""
        ...

    def finish(self) -> None:
        """Flush the encoders, and write the index."""
        ...

    def abort(self) -> None:
        """Close the file, which is then incomplete."""
        ...


class VideoWriter:
    """Writes frames of a fixed rate and mono sound, which both start at 0.

    Encoding runs in a thread of its own behind a bounded queue. The target appears when it is complete, or not at all
    (:class:`lipsync.storage.atomic.AtomicFile`).

    A context manager: on exit the files are closed; after an exception the target is missing. Call the methods from
    one thread.

    All methods raise StorageError if a file cannot be written, and ValueError for a frame or sound of the wrong
    shape.
    """

    def __init__(self, target: Path, *, width: int, height: int, open_encoder: Callable[[str], VideoEncoder]) -> None:
        """``width`` and ``height`` in pixels, both even; ``open_encoder`` creates the encoder for a file's URL."""
        if width % 2 or height % 2 or min(width, height) < 2:
            raise ValueError(f"half-size colour needs even sizes, not {width}x{height}")
        self.frames = 0
        """Number of frames written."""
        self.samples = 0
        """Number of audio samples written."""
        self._size = (height, width)
        self._target = target
        try:
            is_folder = target.is_dir()
        except OSError as error:  # for example a name that is too long for a file
            raise StorageError("cannot_write", place=target, reason=error.strerror) from error
        if is_folder:
            reason = Message("cause.is_folder")
            raise StorageError("cannot_write", place=target, reason=reason)
        self._part: AtomicFile | None = None
        self._error: BaseException | None = None
        self._aborted = False
        self._open = True
        try:
            self._part = AtomicFile(target)
            self._part.path.write_bytes(bytes(4096))  # libav leaks a file whose first block it cannot write
            self._encoder = open_encoder(f"file:{self._part.path}")  # libav parses a bare name with a colon as a URL
            self._queue: Queue[_Item | None] = Queue(_QUEUE_FRAMES)
            self._thread = Thread(target=self._encode_loop, name="encoder", daemon=True)
            self._thread.start()  # waits for the thread: a KeyboardInterrupt may arrive here
        except BaseException as error:
            self._remove()
            self._raise_as_storage_error(error)

    def write_sound(self, samples: NDArray[np.float32]) -> None:
        """Append (n,) float32 mono samples in [-1, 1]. NaN becomes silence; louder samples are clipped.

        Samples wait in memory until the frames reach them.
        """
        if samples.ndim != 1:
            raise ValueError(f"samples must be one-dimensional, not of shape {samples.shape}")
        self.samples += len(samples)
        clean = np.nan_to_num(samples.astype(np.float32), copy=False, nan=0.0, posinf=1.0, neginf=-1.0)
        self._put(np.clip(clean, -1.0, 1.0))

    def write_frame(self, frame: Frame) -> None:
        """Append a frame. It is read later by the encoder: do not modify it afterwards."""
        if frame.y.shape != self._size:
            raise ValueError(f"a frame of {frame.width}x{frame.height} in a video of {self._size[1]}x{self._size[0]}")
        self.frames += 1
        self._put(frame)

    def write_subtitle(self, start: float, end: float, text: str) -> None:
        """Append a subtitle from ``start`` to ``end`` seconds. Only valid with a subtitle track."""
        self._put(_Subtitle(start, end, text))

    def close(self) -> None:
        """Complete the file and publish it under its name. A second call does nothing."""
        if not self._open:
            return
        self._stop()
        try:
            self._raise_failure()
            if self._part is not None:
                self._complete(self._part.path)
                self._part.publish()
        except BaseException as error:
            self._remove()
            self._raise_as_storage_error(error)

    def _complete(self, path: Path) -> None:
        """Change the encoded file before it is published."""

    def abort(self) -> None:
        """Stop encoding and leave no file. A second call does nothing."""
        if self._open:
            self._aborted = True
            self._stop()
            self._remove()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: BaseException | TracebackType | None) -> None:
        if kind is None:
            self.close()
        else:
            self.abort()

    def _put(self, item: _Item) -> None:
        if not self._open:
            raise ValueError("the video is closed")
        self._raise_failure()
        self._queue.put(item)

    def _stop(self) -> None:
        self._open = False
        self._queue.put(None)
        self._thread.join()

    def _raise_failure(self) -> None:
        """Raise the error of the encoder thread, if any."""
        if self._error is not None:
            self._raise_as_storage_error(self._error)

    def _raise_as_storage_error(self, error: BaseException) -> NoReturn:
        """Raise ``error``; errors of the file system and of libav as StorageError."""
        if isinstance(error, OSError | av.FFmpegError):
            reason = error.strerror or type(error).__name__
            raise StorageError("cannot_write", place=self._target, reason=reason) from error
        raise error

    def _remove(self) -> None:
        if self._part is not None:
            self._part.discard()

    def _encode_loop(self) -> None:
        """Main function of the encoder thread. After an error it keeps draining the queue, so that the caller never
        blocks."""
        try:
            while (item := self._queue.get()) is not None:
                if self._aborted:
                    continue
                if isinstance(item, Frame):
                    self._encoder.add_frame(item)
                elif isinstance(item, _Subtitle):
                    self._encoder.add_subtitle(item.start, item.end, item.text)
                else:
                    self._encoder.add_sound(item)
            if not self._aborted:
                self._encoder.finish()
                return
        except BaseException as error:  # raised in the caller at its next call
            self._error = error
            while item is not None:
                item = self._queue.get()
        with suppress(OSError, av.FFmpegError):  # the file is discarded, and the first error is known
            self._encoder.abort()


class Mp4Writer(VideoWriter):
    """Writes H.264 (yuv420p, BT.709 limited range) and AAC (mono) in one pass, with the index before the data.

    The optional stream grows under its own name and can be watched before the end; after an exception it stays as it
    is.
    """

    def __init__(
        self,
        target: Path,
        *,
        width: int,
        height: int,
        fps: int,
        rate: int,
        crf: int = 20,
        preset: str = "veryfast",
        threads: int = 1,
        subtitles: str = "",
        stream: Path | None = None,
    ) -> None:
        """``width`` and ``height`` in pixels, both even; ``rate`` of the sound in Hz; ``subtitles`` is the language
        (ISO 639-1) of a subtitle track, empty for none; ``stream`` receives the same packets as a fragmented MP4."""

        def open_encoder(url: str) -> Encoder:
            return Encoder(
                url,
                width=width,
                height=height,
                fps=fps,
                rate=rate,
                crf=crf,
                preset=preset,
                threads=threads,
                subtitles=subtitles,
                stream=stream,
            )

        super().__init__(target, width=width, height=height, open_encoder=open_encoder)

    def _complete(self, path: Path) -> None:
        make_offsets_readable(path)
