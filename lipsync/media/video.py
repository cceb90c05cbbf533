"""Writing a video: frames and sound in, an MP4 out, coded while the next frames are being made."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Queue
from threading import Thread
from types import TracebackType
from typing import NoReturn, Self

import av
import numpy as np
from numpy.typing import NDArray

from lipsync.errors import LipsyncError
from lipsync.media.composition import make_offsets_readable
from lipsync.media.encoder import Encoder
from lipsync.media.frame import Frame
from lipsync.part import Part

_QUEUE = 4
"""Frames that may wait for the encoder: enough to even out the two, and 8 MB at 1024x1304."""


@dataclass(frozen=True)
class _Subtitle:
    start: float
    end: float
    text: str


_Item = Frame | NDArray[np.float32] | _Subtitle
"""What waits for the encoder."""


class Mp4Writer:
    """Writes H.264 (yuv420p, BT.709 limited range) and AAC (mono) in one pass, with the index before the data.

    Frames have the fixed rate ``fps`` and both streams start at 0. Coding runs in a thread of the writer's own,
    behind a short queue: what waits for the encoder is bounded. The target appears whole or not at all
    (:class:`lipsync.part.Part`). The stream grows under its own name, for who wants to watch before the end.

    Used as a context: leaving it closes the files, leaving it by an exception leaves no target, and the stream as far
    as it has come. The methods are to be called from one thread.

    Raises LipsyncError ``cannot_write`` from any method, ValueError for a frame or a sound of the wrong shape.
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
        """``width`` and ``height`` in pixels, both even; ``rate`` of the sound in samples a second; ``subtitles`` is
        the language (ISO 639-1) of a track of them, empty for none; ``stream`` gets the same packets as the target,
        in a fragmented MP4."""
        if width % 2 or height % 2 or min(width, height) < 2:
            raise ValueError(f"H.264 with half-size colour needs even sizes, not {width}x{height}")
        self.frames = 0
        """Frames that were written."""
        self.samples = 0
        """Samples of sound that were written."""
        self._size = (height, width)
        self._target = target
        try:
            is_folder = target.is_dir()
        except OSError as error:  # for example a name that is too long for a file
            raise LipsyncError("cannot_write", place=target, reason=error.strerror) from error
        if is_folder:
            reason = {"en": "it is a folder", "ru": "это папка"}
            raise LipsyncError("cannot_write", place=target, reason=reason)
        self._part: Part | None = None
        self._error: BaseException | None = None
        self._dropped = False
        self._open = True
        try:
            self._part = Part(target)
            self._part.path.write_bytes(bytes(4096))  # libav never closes a file whose first block it cannot write
            self._encoder = Encoder(
                f"file:{self._part.path}",  # or libav takes a name with a colon for an address
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
            self._queue: Queue[_Item | None] = Queue(_QUEUE)
            self._thread = Thread(target=self._code, name="encoder", daemon=True)
            self._thread.start()  # waits for the thread: an interrupt may well come here
        except BaseException as error:
            self._remove()
            self._raise(error)

    def write_sound(self, samples: NDArray[np.float32]) -> None:
        """(n,) mono float32 in [-1, 1]: the sound that follows what was written before.

        It waits in memory until the frames reach it. What is not a number becomes silence; what is too loud is cut.
        """
        if samples.ndim != 1:
            raise ValueError(f"sound is mono, not of shape {samples.shape}")
        self.samples += len(samples)
        clean = np.nan_to_num(samples.astype(np.float32), copy=False, nan=0.0, posinf=1.0, neginf=-1.0)
        self._put(np.clip(clean, -1.0, 1.0))

    def write_frame(self, frame: Frame) -> None:
        """The next frame. It is read later: do not paint on it again."""
        if frame.y.shape != self._size:
            raise ValueError(f"a frame of {frame.width}x{frame.height} in a video of {self._size[1]}x{self._size[0]}")
        self.frames += 1
        self._put(frame)

    def write_subtitle(self, start: float, end: float, text: str) -> None:
        """The next subtitle, from ``start`` to ``end`` seconds, in lines. Only where there is a track of them."""
        self._put(_Subtitle(start, end, text))

    def close(self) -> None:
        """Finish the file and give it its name. A second call does nothing."""
        if not self._open:
            return
        self._stop()
        try:
            self._raise_failure()
            if self._part is not None:
                make_offsets_readable(self._part.path)
                self._part.publish()
        except BaseException as error:
            self._remove()
            self._raise(error)

    def abort(self) -> None:
        """Stop coding and leave no file. A second call does nothing."""
        if self._open:
            self._dropped = True
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
        """What befell the thread."""
        if self._error is not None:
            self._raise(self._error)

    def _raise(self, error: BaseException) -> NoReturn:
        """``error`` as a person understands it."""
        if isinstance(error, OSError | av.FFmpegError):
            reason = error.strerror or type(error).__name__
            raise LipsyncError("cannot_write", place=self._target, reason=reason) from error
        raise error

    def _remove(self) -> None:
        if self._part is not None:
            self._part.discard()

    def _code(self) -> None:
        """The thread. After an error it goes on taking from the queue, so that the caller never waits in vain."""
        try:
            while (item := self._queue.get()) is not None:
                if self._dropped:
                    continue
                if isinstance(item, Frame):
                    self._encoder.add_frame(item)
                elif isinstance(item, _Subtitle):
                    self._encoder.add_subtitle(item.start, item.end, item.text)
                else:
                    self._encoder.add_sound(item)
            if not self._dropped:
                self._encoder.finish()
                return
        except BaseException as error:  # it is raised to the caller at the next call
            self._error = error
            while item is not None:
                item = self._queue.get()
        with suppress(OSError, av.FFmpegError):  # the file is thrown away, and why is known already
            self._encoder.drop()
