"""Frames on disk, one after another and not coded: any of them is read at once, and none stays in memory."""

from __future__ import annotations

import os
from typing import BinaryIO

import numpy as np

from lipsync.errors import LipsyncError
from lipsync.media.frame import Frame


def frame_bytes(size: tuple[int, int]) -> int:
    """Bytes of one frame of width and height ``size``, pixels, even."""
    return size[0] * size[1] * 3 // 2


def write_frame(file: BinaryIO, frame: Frame) -> None:
    """Append a frame: its brightness, then its colour."""
    file.write(np.ascontiguousarray(frame.y).data)
    file.write(np.ascontiguousarray(frame.uv).data)


def keep_frames(file: BinaryIO, size: tuple[int, int], first: int, count: int) -> None:
    """Remove all frames of width and height ``size`` but ``count`` from index ``first`` on: these come first then.

    One frame at a time is in memory. Raises OSError when the disk cannot be written.
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
    """Reads frames, for many threads at once. Open as long as it lives, also when the file's name is removed.

    It reads and does not map: a mapped file that another process cuts short would end this one.
    """

    def __init__(self, file: BinaryIO, size: tuple[int, int]) -> None:
        """The frames of ``file``, all of width and height ``size``; the caller may close his ``file``."""
        self._name, self._size = str(file.name), size
        if file.writable():
            file.flush()
        self._descriptor = os.dup(file.fileno())

    def __del__(self) -> None:
        os.close(self._descriptor)

    def __len__(self) -> int:
        """Whole frames that it holds."""
        return os.fstat(self._descriptor).st_size // frame_bytes(self._size)

    def read(self, index: int) -> Frame:
        """Frame ``index`` from 0, the caller's own. Raises LipsyncError cannot_read when the file ends before it."""
        width, height = self._size
        data = np.empty(frame_bytes(self._size), np.uint8)
        rest, place = data.data, index * len(data)
        while rest:
            count = os.preadv(self._descriptor, [rest], place)
            if count == 0:
                reason = {"en": "it is cut short", "ru": "он обрезан"}
                raise LipsyncError("cannot_read", place=self._name, reason=reason)
            rest, place = rest[count:], place + count
        return Frame(data[: width * height].reshape(height, width), data[width * height :].reshape(-1, width // 2, 2))
