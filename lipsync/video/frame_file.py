"""Uncompressed frames on disk with random access, so that none stays in memory."""

from __future__ import annotations

import os
from typing import BinaryIO

import numpy as np

from lipsync.messages import Message
from lipsync.storage.errors import StorageError
from lipsync.video.frame import Frame


def frame_bytes(size: tuple[int, int]) -> int:
    """Bytes of one frame of ``size`` (width, height) in pixels, both even."""
    return size[0] * size[1] * 3 // 2


def write_frame(file: BinaryIO, frame: Frame) -> None:
    """Append a frame: luma, then chroma."""
    file.write(np.ascontiguousarray(frame.y).data)
    file.write(np.ascontiguousarray(frame.uv).data)


def keep_frames(file: BinaryIO, size: tuple[int, int], first: int, count: int) -> None:
    """Keep only ``count`` frames from index ``first`` on, moved to the start of the file; truncate the rest.

    ``size`` is (width, height). One frame at a time is in memory. Raises OSError.
    """
    length = frame_bytes(size)
    if first:
        for index in range(count):
            file.seek((first + index) * length)
            frame = file.read(length)
            file.seek(index * length)
            file.write(frame)
    file.truncate(count * length)
    file.flush()


class FrameFile:
    """Reads frames by index. Thread-safe. The file stays open while the object exists, even if it is unlinked.

    It uses ``pread`` instead of a memory map: if another process truncated a mapped file, access would be fatal.
    """

    def __init__(self, file: BinaryIO, size: tuple[int, int]) -> None:
        """Frames of ``size`` (width, height) in ``file``. The caller may close ``file`` afterwards."""
        self._name, self._size = str(file.name), size
        if file.writable():
            file.flush()
        self._descriptor = os.dup(file.fileno())

    def __del__(self) -> None:
        os.close(self._descriptor)

    def __len__(self) -> int:
        """Number of complete frames in the file."""
        return os.fstat(self._descriptor).st_size // frame_bytes(self._size)

    def read(self, index: int) -> Frame:
        """Read frame ``index`` (from 0) into new memory. Raises StorageError if the file ends before it."""
        width, height = self._size
        data = np.empty(frame_bytes(self._size), np.uint8)
        remaining, offset = data.data, index * len(data)
        while remaining:
            count = os.preadv(self._descriptor, [remaining], offset)
            if count == 0:
                reason = Message("cause.truncated")
                raise StorageError("cannot_read", place=self._name, reason=reason)
            remaining, offset = remaining[count:], offset + count
        return Frame(data[: width * height].reshape(height, width), data[width * height :].reshape(-1, width // 2, 2))
