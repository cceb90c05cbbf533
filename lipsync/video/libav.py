"""What every encoder asks of libav: the set-up of the video's codec, and frames in its memory."""

from __future__ import annotations

from collections.abc import Sequence

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext
from numpy.typing import NDArray

_BT709 = 1  # ITU-T H.273: the same number for primaries, transfer and matrix
_LIMITED = 1  # libavutil AVCOL_RANGE_MPEG
_KEYFRAME_INTERVAL_S = 2


def set_up_codec(
    context: VideoCodecContext, width: int, height: int, pixel_format: str, fps: int, threads: int
) -> None:
    """Set what does not depend on the codec: size, key frames, threads, BT.709 in limited range."""
    context.width, context.height, context.pix_fmt = width, height, pixel_format
    context.gop_size = _KEYFRAME_INTERVAL_S * fps
    context.thread_count = threads
    context.color_range = _LIMITED
    context.color_primaries = context.color_trc = context.colorspace = _BT709


def libav_frame(width: int, height: int, pixel_format: str, planes: Sequence[NDArray[np.uint8]]) -> av.VideoFrame:
    """A frame in libav's memory, filled with ``planes``: arrays whose rows are those of the format's planes."""
    frame = av.VideoFrame(width, height, pixel_format)
    for plane, values in zip(frame.planes, planes, strict=True):
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)  # rows may be padded
        flat = values.reshape(len(values), -1)
        rows[: len(flat), : flat.shape[1]] = flat
    return frame
