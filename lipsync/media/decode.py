"""A video file of any common kind as RGB frames: bounded before it is decoded, and unable to reach anything else.

Some kinds of file are lists of other files or addresses (playlists, image sequences), and libav would open those on
a stranger's behalf. So it never chooses: the first bytes say which of few demuxers is used, no other is allowed, no
protocol is, and an attempt to open anything beside the given bytes is an error.
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

from lipsync.errors import LipsyncError
from lipsync.file_signature import AVIF_BRANDS, HEIF_BRANDS

log = logging.getLogger(__name__)

MOST_RATE = 30
"""Frames a second that are given: of a faster video some are left out. A head needs no more."""

MOST_MEGAPIXELS = 10.0
"""Of a video in millions of pixels, whatever a picture may have: 4096 x 2304 fits."""

HEAD = 64
"""First bytes by which a file is known."""
_DECODED_RATE = 240
"""Frames a second that are decoded, given or not: a phone's slow motion."""
_USUAL_RATE = 25.0
_SLACK = 0.004  # seconds that a rounded time may be early

_CODECS = (
    "h264,hevc,vp8,vp9,av1,libdav1d,libvpx,libvpx-vp9,mpeg1video,mpeg2video,mpeg4,msmpeg4,msmpeg4v2,msmpeg4v3,h263,"
    "wmv2,mjpeg,prores,dvvideo,theora,rawvideo"
)
_STILLS = (*HEIF_BRANDS, *AVIF_BRANDS, b"crx ")
"""Brands of pictures in the same kind of container; the last is Canon's raw format."""

_UNSPECIFIED, _BT709, _BT601 = 2, 1, 5  # matrices: ITU-T H.273, libav's BT470BG
_HD = 720  # rows from which a video that names no matrix is taken for BT.709, as players do


@dataclass(frozen=True)
class VideoFacts:
    """What a video says of itself."""

    fps: float
    """Frames a second that :func:`read_video` gives, about; at most MOST_RATE."""
    width: int
    """Of the frames that :func:`read_video` gives, pixels, even."""
    height: int
    duration: float
    """Seconds that will be given; 0 when the file does not say."""
    frames: int
    """Frames that will be given, about; 0 when the file does not say."""


def is_video(data: bytes) -> bool:
    """Whether the first bytes are those of a video container that is read; its name decides nothing."""
    return _demuxer(data[:HEAD]) is not None


def probe_video(source: Path | bytes, *, max_seconds: float, max_megapixels: float, max_side: int) -> VideoFacts:
    """The facts of a video: its header is read, and its first frame.

    Raises what :func:`read_video` raises.
    """
    with _opened(source, max_megapixels) as (container, stream):
        _, first = next(_timed(container, stream, max_seconds))
        height, width = _picture(first, _target(stream, max_side)).shape[:2]
        rate = _rate(stream)
        given = min(rate, MOST_RATE)
        if stream.duration and stream.time_base:
            duration = float(stream.duration * stream.time_base)
        else:
            duration = container.duration / av.time_base if container.duration else 0.0
        duration = min(max(0.0, duration), max_seconds)
        return VideoFacts(given, width, height, duration, round(duration * given))


def read_video(
    source: Path | bytes, *, max_seconds: float, max_megapixels: float, max_side: int
) -> Iterator[tuple[float, NDArray[np.uint8]]]:
    """Decode a video of one of the accepted formats: its frames as seconds from the first one, and (H, W, 3) RGB.

    Rotation and mirroring (the display matrix) are applied, anamorphic pixels made square, and a frame longer than
    ``max_side`` is scaled down; H and W are even and the same for all; an odd last row or column is left out. Times
    rise by at least 1 / MOST_RATE, frames between are left out, and after ``max_seconds`` it ends, whatever the
    header said. A damaged video ends where the damage begins.

    Raises LipsyncError: not_a_video, sound_only, video_too_large (more pixels in the header than ``max_megapixels``
    million or MOST_MEGAPIXELS: nothing has been decoded then), broken_video (not one frame can be decoded),
    cannot_read.
    """
    with _opened(source, max_megapixels) as (container, stream):
        target = _target(stream, max_side)
        last = -1.0
        for time, frame in _timed(container, stream, max_seconds):
            if last < 0 or time - last >= 1 / MOST_RATE - _SLACK:
                last = time
                yield time, _picture(frame, target)


def _demuxer(head: bytes) -> str | None:
    """Libav's name of the one demuxer for a file that begins so; None for what is not read."""
    if head[4:8] == b"ftyp":
        return None if head[8:12] in _STILLS else "mov"
    if head[4:8] in (b"moov", b"mdat", b"wide", b"free", b"skip"):
        return "mov"
    if head.startswith(b"\x1aE\xdf\xa3"):
        return "matroska"
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return "avi"
    return {b"\0\0\1\xba": "mpeg", b"\0\0\1\xb3": "mpegvideo"}.get(head[:4])


@contextmanager
def _opened(source: Path | bytes, max_megapixels: float) -> Iterator[tuple[InputContainer, VideoStream]]:
    """The container and its first video stream, whose size has been checked."""
    limit = min(max_megapixels, MOST_MEGAPIXELS)
    bounds = {"max_pixels": str(int(limit * 1e6)), "codec_whitelist": _CODECS}
    with ExitStack() as open_files:
        try:
            # Libav is given bytes and never a path: it does not even know where the file lies.
            file = BytesIO(source) if isinstance(source, bytes) else open_files.enter_context(source.open("rb"))
            head = file.read(HEAD)
            file.seek(0)
        except OSError as error:
            raise LipsyncError("cannot_read", place=source, reason=error.strerror) from error
        demuxer = _demuxer(head)
        if demuxer is None:
            raise LipsyncError("not_a_video")
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
                    io_open=_nothing_else,
                )
            )
        except (av.FFmpegError, ValueError) as error:
            raise LipsyncError("broken_video") from error
        streams = [one for one in container.streams.video if not one.disposition & Disposition.attached_pic]
        if not streams:
            raise LipsyncError("sound_only" if container.streams.audio else "broken_video")
        stream = streams[0]
        if stream.codec_context is None:  # libav has no decoder for it at all
            raise LipsyncError("not_a_video")
        width, height = stream.codec_context.width, stream.codec_context.height
        if width * height > limit * 1e6:
            raise LipsyncError("video_too_large", width=width, height=height, limit=f"{limit:g}")
        if width < 2 or height < 2:
            raise LipsyncError("broken_video")
        stream.codec_context.options = bounds  # also for sizes that change half-way
        stream.codec_context.thread_count = 1
        yield container, stream


def _nothing_else(url: str, flags: int, options: dict[str, str]) -> NoReturn:  # noqa: ARG001 - as libav calls it
    raise PermissionError(f"a video may not open {url!r}")


def _timed(container: InputContainer, stream: VideoStream, max_seconds: float) -> Iterator[tuple[float, VideoFrame]]:
    """All frames up to the limit or to the damage, and their rising times, seconds from the first.

    Raises LipsyncError broken_video when there is none.
    """
    step = 1 / _rate(stream)
    start: float | None = None
    time = -step
    most = round(max_seconds * _DECODED_RATE) + 1
    for count, frame in enumerate(_decoded(container, stream)):
        stated = frame.time
        if start is None:
            start = stated if stated is not None else 0.0
        # A time that is missing or does not rise is made up.
        time = stated - start if stated is not None and stated - start > time else time + step
        if time >= max_seconds and count > 0:
            return
        yield max(0.0, time), frame
        if count + 1 >= most:
            log.info("a video has more than %d frames a second: the rest is left out", _DECODED_RATE)
            return
    if start is None:
        raise LipsyncError("broken_video")


def _decoded(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    """The frames until the end, or until what cannot be decoded; what precedes the first good one is skipped."""
    begun = False
    try:
        for packet in container.demux(stream):
            try:
                frames = packet.decode()
            except av.FFmpegError:
                if begun:
                    raise
                continue
            for frame in frames:
                if frame.is_corrupt and begun:
                    log.info("a video is damaged: what follows is left out")
                    return
                if not frame.is_corrupt:
                    begun = True
                    yield frame
    except (av.FFmpegError, OSError) as error:
        log.info("a video is damaged (%s): what follows is left out", error)


def _rate(stream: VideoStream) -> float:
    """Frames a second, as the file says or as is usual."""
    for stated in (stream.average_rate, stream.guessed_rate):
        if stated is not None and 1 <= stated <= 1000:
            return float(stated)
    return _USUAL_RATE


def _target(stream: VideoStream, max_side: int) -> tuple[int, int]:
    """Width and height that a frame is scaled to before it is turned: square pixels, no side above ``max_side``."""
    width, height = float(stream.codec_context.width), float(stream.codec_context.height)
    aspect = stream.sample_aspect_ratio
    if aspect is not None and 0.25 <= aspect <= 4:  # others are no film's, but mistakes
        width, height = (width * float(aspect), height) if aspect > 1 else (width, height / float(aspect))
    scale = min(1.0, max_side / max(width, height))
    return max(2, round(width * scale)), max(2, round(height * scale))


def _picture(frame: VideoFrame, target: tuple[int, int]) -> NDArray[np.uint8]:
    """(H, W, 3) RGB, upright, of even size."""
    width, height = target
    matrix = int(frame.colorspace)
    if matrix == _UNSPECIFIED:
        matrix = _BT709 if frame.height >= _HD else _BT601
    rgb = frame.reformat(
        width,
        height,
        "rgb24",
        src_colorspace=matrix,
        interpolation="AREA" if width < frame.width or height < frame.height else "BICUBIC",
    )
    upright = _upright(np.asarray(rgb.to_ndarray(), np.uint8), frame)
    return np.ascontiguousarray(upright[: upright.shape[0] // 2 * 2, : upright.shape[1] // 2 * 2])


def _upright(picture: NDArray[np.uint8], frame: VideoFrame) -> NDArray[np.uint8]:
    """Turned and mirrored as the display matrix says, to the nearest quarter turn.

    The matrix (ISO/IEC 14496-12, 6.2.2) takes a pixel at x, y to a x + c y, b x + d y.
    """
    beside: Any = frame.side_data  # PyAV's own annotation knows motion vectors only
    found = next((one for one in beside if one.type == SideDataType.DISPLAYMATRIX), None)
    if found is None:
        return picture
    a, b, _, c, d = np.frombuffer(bytes(found), np.int32)[:5].tolist()
    if abs(b) + abs(c) > abs(a) + abs(d):
        picture, a, d = picture.transpose(1, 0, 2), c, b
    return picture[:: -1 if d < 0 else 1, :: -1 if a < 0 else 1]
