"""Safe decoding of video files of any common format to RGB frames, with bounded size and length.

Some formats are lists of other files or URLs (playlists, image sequences), which libav would open. So libav does not
choose the demuxer: the first bytes select one of a few, all others and all protocols are disabled, and an attempt to
open anything but the given bytes is an error.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, NoReturn

import av
import numpy as np
from av.container import InputContainer
from av.sidedata.sidedata import Type as SideDataType
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from lipsync.storage.errors import StorageError
from lipsync.storage.file_signature import AVIF_BRANDS, HEIF_BRANDS
from lipsync.video.errors import VideoError, not_a_video

log = logging.getLogger(__name__)

MAX_FPS = 30
"""Maximum frames per second returned; frames of a faster video are skipped. That suffices for a talking head."""

MAX_MEGAPIXELS = 10.0
"""Maximum megapixels of a video, independent of the limit for pictures: 4096 x 2304 fits."""

SIGNATURE_BYTES = 64
"""Number of first bytes that identify the format."""
_MAX_DECODED_FPS = 240
"""Maximum frames per second decoded, returned or not: the slow motion of phones."""
_DEFAULT_FPS = 25.0
_TIME_TOLERANCE_S = 0.004  # a rounded timestamp may be this many seconds early

_CODECS = (
    "h264,hevc,vp8,vp9,av1,libdav1d,libvpx,libvpx-vp9,mpeg1video,mpeg2video,mpeg4,msmpeg4,msmpeg4v2,msmpeg4v3,h263,"
    "wmv2,mjpeg,prores,dvvideo,theora,rawvideo"
)
_STILL_IMAGE_BRANDS = (*HEIF_BRANDS, *AVIF_BRANDS, b"crx ")
"""Brands of still images in the same container format; the last is Canon's raw format."""

_UNSPECIFIED, _BT709, _BT601 = 2, 1, 5  # matrices: ITU-T H.273, libav's BT470BG
_MIN_HD_HEIGHT = 720  # a video of at least this many rows without a stated matrix is BT.709, as in players


@dataclass(frozen=True)
class VideoInfo:
    """Properties of a video file."""

    fps: float
    """Approximate frames per second returned by :func:`read_video`; at most MAX_FPS."""
    width: int
    """Width in pixels of the frames returned by :func:`read_video`; even."""
    height: int
    """Height in pixels; even."""
    duration: float
    """Duration in seconds; 0 if not stated in the file."""
    frames: int
    """Approximate number of frames returned; 0 if not stated in the file."""


def is_video(data: bytes) -> bool:
    """Whether ``data`` begins like a supported video container."""
    return _demuxer(data[:SIGNATURE_BYTES]) is not None


def probe_video(source: Path | bytes, *, max_seconds: float, max_megapixels: float, max_side: int) -> VideoInfo:
    """Read the header and the first frame of a video. Raises what :func:`read_video` raises."""
    with _open_video(source, max_megapixels) as (container, stream):
        _, first = next(_timed_frames(container, stream, max_seconds))
        height, width = _to_rgb(first, _scaled_size(stream, max_side)).shape[:2]
        rate = _frame_rate(stream)
        fps = min(rate, MAX_FPS)
        if stream.duration and stream.time_base:
            duration = float(stream.duration * stream.time_base)
        else:
            duration = container.duration / av.time_base if container.duration else 0.0
        duration = min(max(0.0, duration), max_seconds)
        return VideoInfo(fps, width, height, duration, round(duration * fps))


def read_video(
    source: Path | bytes, *, max_seconds: float, max_megapixels: float, max_side: int
) -> Iterator[tuple[float, NDArray[np.uint8]]]:
    """Decode a video: yields (seconds from the first frame, (H, W, 3) uint8 RGB frame).

    The display matrix (rotation, mirroring) is applied, anamorphic pixels become square, and frames with a side above
    ``max_side`` are scaled down. H and W are even and constant; an odd last row or column is dropped. Times increase
    by at least 1 / MAX_FPS; frames between are skipped. Decoding ends after ``max_seconds``, whatever the header
    states, or where damage begins.

    Raises VideoError if it is not a video, has no picture, has more pixels than ``max_megapixels`` or MAX_MEGAPIXELS
    (nothing has been decoded then), or not one frame can be decoded; StorageError if the file cannot be read.
    """
    with _open_video(source, max_megapixels) as (container, stream):
        target = _scaled_size(stream, max_side)
        last = -1.0
        for time, frame in _timed_frames(container, stream, max_seconds):
            if last < 0 or time - last >= 1 / MAX_FPS - _TIME_TOLERANCE_S:
                last = time
                yield time, _to_rgb(frame, target)


def _demuxer(head: bytes) -> str | None:
    """Name of libav's demuxer for a file with this ``head``; None for an unsupported format."""
    if head[4:8] == b"ftyp":
        return None if head[8:12] in _STILL_IMAGE_BRANDS else "mov"
    if head[4:8] in (b"moov", b"mdat", b"wide", b"free", b"skip"):
        return "mov"
    if head.startswith(b"\x1aE\xdf\xa3"):
        return "matroska"
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return "avi"
    return {b"\0\0\1\xba": "mpeg", b"\0\0\1\xb3": "mpegvideo"}.get(head[:4])


@contextmanager
def _open_video(source: Path | bytes, max_megapixels: float) -> Iterator[tuple[InputContainer, VideoStream]]:
    """Open the container; yields it with its first video stream, whose size has been checked."""
    limit = min(max_megapixels, MAX_MEGAPIXELS)
    bounds = {"max_pixels": str(int(limit * 1e6)), "codec_whitelist": _CODECS}
    with ExitStack() as open_files:
        try:
            # libav gets a file object, never a path: it does not even know where the file lies.
            file = BytesIO(source) if isinstance(source, bytes) else open_files.enter_context(source.open("rb"))
            head = file.read(SIGNATURE_BYTES)
            file.seek(0)
        except OSError as error:
            raise StorageError("cannot_read", place=source, reason=error.strerror) from error
        demuxer = _demuxer(head)
        if demuxer is None:
            raise not_a_video()
        try:
            container = open_files.enter_context(
                av.open(
                    file,
                    "r",
                    format=demuxer,
                    options=bounds,
                    container_options={
                        "format_whitelist": demuxer,
                        "protocol_whitelist": "none",
                        "codec_whitelist": _CODECS,
                    },
                    io_open=_refuse_open,
                )
            )
        except (av.FFmpegError, ValueError) as error:
            raise VideoError("broken_video") from error
        streams = [video for video in container.streams.video if not video.disposition & Disposition.attached_pic]
        if not streams:
            raise VideoError("sound_only" if container.streams.audio else "broken_video")
        stream = streams[0]
        if stream.codec_context is None:  # libav has no decoder for it at all
            raise not_a_video()
        width, height = stream.codec_context.width, stream.codec_context.height
        if width * height > limit * 1e6:
            raise VideoError("video_too_large", width=width, height=height, limit=f"{limit:g}")
        if width < 2 or height < 2:
            raise VideoError("broken_video")
        stream.codec_context.options = bounds  # limits also sizes that change within the stream
        stream.codec_context.thread_count = 1
        yield container, stream


def _refuse_open(url: str, flags: int, options: dict[str, str]) -> NoReturn:  # noqa: ARG001 - as libav calls it
    raise PermissionError(f"a video may not open {url!r}")


def _timed_frames(
    container: InputContainer, stream: VideoStream, max_seconds: float
) -> Iterator[tuple[float, VideoFrame]]:
    """All frames up to the limit or to damage, with increasing times in seconds from the first.

    Raises VideoError if no frame can be decoded.
    """
    step = 1 / _frame_rate(stream)
    start: float | None = None
    time = -step
    max_frames = round(max_seconds * _MAX_DECODED_FPS) + 1
    for count, frame in enumerate(_decode_frames(container, stream)):
        container_time = frame.time
        if start is None:
            start = container_time if container_time is not None else 0.0
        # A missing time, or one that does not increase, is extrapolated.
        time = container_time - start if container_time is not None and container_time - start > time else time + step
        if time >= max_seconds and count > 0:
            return
        yield max(0.0, time), frame
        if count + 1 >= max_frames:
            log.info("a video has more than %d frames per second: the rest is ignored", _MAX_DECODED_FPS)
            return
    if start is None:
        raise VideoError("broken_video")


def _decode_frames(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    """The frames from the first intact one up to the end, or to the first that cannot be decoded."""
    has_started = False
    try:
        for packet in container.demux(stream):
            try:
                frames = packet.decode()
            except av.FFmpegError:
                if has_started:
                    raise
                continue
            for frame in frames:
                if frame.is_corrupt and has_started:
                    log.info("a video is damaged: the rest is ignored")
                    return
                if not frame.is_corrupt:
                    has_started = True
                    yield frame
    except (av.FFmpegError, OSError) as error:
        log.info("a video is damaged (%s): the rest is ignored", error)


def _frame_rate(stream: VideoStream) -> float:
    """Frames per second as stated in the file, or _DEFAULT_FPS."""
    for rate in (stream.average_rate, stream.guessed_rate):
        if rate is not None and 1 <= rate <= 1000:
            return float(rate)
    return _DEFAULT_FPS


def _scaled_size(stream: VideoStream, max_side: int) -> tuple[int, int]:
    """Width and height of a frame before rotation: with square pixels and no side above ``max_side``."""
    width, height = float(stream.codec_context.width), float(stream.codec_context.height)
    aspect = stream.sample_aspect_ratio
    if aspect is not None and 0.25 <= aspect <= 4:  # other values are errors in the file
        width, height = (width * float(aspect), height) if aspect > 1 else (width, height / float(aspect))
    scale = min(1.0, max_side / max(width, height))
    return max(2, round(width * scale)), max(2, round(height * scale))


def _to_rgb(frame: VideoFrame, target: tuple[int, int]) -> NDArray[np.uint8]:
    """The frame as (H, W, 3) uint8 RGB, upright, with even H and W."""
    width, height = target
    matrix = int(frame.colorspace)
    if matrix == _UNSPECIFIED:
        matrix = _BT709 if frame.height >= _MIN_HD_HEIGHT else _BT601
    rgb = frame.reformat(
        width,
        height,
        "rgb24",
        src_colorspace=matrix,
        interpolation="AREA" if width < frame.width or height < frame.height else "BICUBIC",
    )
    upright = _apply_display_matrix(np.asarray(rgb.to_ndarray(), np.uint8), frame)
    return np.ascontiguousarray(upright[: upright.shape[0] // 2 * 2, : upright.shape[1] // 2 * 2])


def _apply_display_matrix(picture: NDArray[np.uint8], frame: VideoFrame) -> NDArray[np.uint8]:
    """Rotate and mirror an (H, W, 3) picture by the display matrix, to the nearest quarter turn.

    The matrix (ISO/IEC 14496-12, 6.2.2) maps a pixel at x, y to a x + c y, b x + d y.
    """
    side_data: Any = frame.side_data  # PyAV's annotation has motion vectors only
    matrix = next((entry for entry in side_data if entry.type == SideDataType.DISPLAYMATRIX), None)
    if matrix is None:
        return picture
    a, b, _, c, d = np.frombuffer(bytes(matrix), np.int32)[:5].tolist()
    if abs(b) + abs(c) > abs(a) + abs(d):
        picture, a, d = picture.transpose(1, 0, 2), c, b
    return picture[:: -1 if d < 0 else 1, :: -1 if a < 0 else 1]
