"""The size that the frames of an AVIF file have when they are decoded, which its header need not tell truly.

libavif trusts the image sequence and scales it to the size that the header states, so a header of 64x64 pixels can
hide a frame of 12288x12288 in 2 KB: 310 MB are taken, measured with Pillow 13.0 (libavif 1.4.2). The AV1 sequence
header (AV1 Bitstream & Decoding Process Specification, 5.5) bounds all frames after it, and dav1d reads it without
decoding any. libheif compares the sizes by itself and needs no such help for HEIC.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import NoReturn

import av
from av.codec.context import CodecContext
from av.video.codeccontext import VideoCodecContext

_SEQUENCE_HEADER = 1  # obu_type, 6.2.2
_DECODER = "libdav1d"
_MAX_STREAMS = 260
"""Items whose size is looked at: 256 tiles, their alpha and a preview are more than any camera writes."""


def coded_sizes(data: bytes) -> list[tuple[int, int]]:
    """Width and height of each coded image or track in an AVIF file, from their AV1 sequence headers.

    Raises ValueError or av.FFmpegError when the file cannot be taken apart.
    """
    sizes: list[tuple[int, int]] = []
    with av.open(
        BytesIO(data),
        "r",
        format="mov",
        options={"max_pixels": "1"},  # libav may look at the header only, never at a frame
        container_options={"format_whitelist": "mov", "protocol_whitelist": "none", "codec_whitelist": _DECODER},
        io_open=_nothing_else,
    ) as container:
        streams = container.streams.video
        if not 0 < len(streams) <= _MAX_STREAMS:
            raise ValueError(f"{len(streams)} images in one file")
        pending = {stream.index for stream in streams}
        for packet in container.demux(streams):
            if packet.stream.index not in pending or packet.size == 0:
                continue
            pending.discard(packet.stream.index)
            headers = [unit for kind, unit in _units(bytes(packet)) if kind == _SEQUENCE_HEADER]
            sizes += [_size(header) for header in headers]
            if not headers:
                raise ValueError("no sequence header")
            if not pending:
                break
    return sizes


def _size(header: bytes) -> tuple[int, int]:
    """Largest width and height of a frame after this sequence header."""
    decoder = CodecContext.create(_DECODER, "r")
    if not isinstance(decoder, VideoCodecContext):
        raise ValueError(f"{_DECODER} is no video decoder")
    decoder.thread_count = 1
    decoder.extradata = header
    decoder.open()
    return decoder.width, decoder.height


def _units(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The open bitstream units of a temporal unit (5.3): their types, and their bytes with the header."""
    start = 0
    while start < len(data):
        kind, extended, sized = data[start] >> 3 & 15, data[start] & 4, data[start] & 2
        place = start + (2 if extended else 1)
        end = len(data)
        if sized:
            length, place = _leb128(data, place)
            end = place + length
        if end > len(data):
            raise ValueError("a unit is longer than the data")
        yield kind, data[start:end]
        start = end


def _leb128(data: bytes, place: int) -> tuple[int, int]:
    """A number (4.10.5) at ``place``, and the place after it. Raises ValueError."""
    number = 0
    for index in range(8):
        if place + index >= len(data):
            break
        number |= (data[place + index] & 127) << 7 * index
        if not data[place + index] & 128:
            return number, place + index + 1
    raise ValueError("a number has no end")


def _nothing_else(url: str, flags: int, options: dict[str, str]) -> NoReturn:  # noqa: ARG001 - as libav calls it
    raise PermissionError(f"a picture may not open {url!r}")
