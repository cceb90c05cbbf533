"""The media type of an MP4 with its codecs (RFC 6381), which browsers need before they play a stream: read from the
file's index, or bounded by the largest picture before there is one."""

from __future__ import annotations

from typing import BinaryIO

from lipsync.video.mp4_boxes import boxes, leaves

_DESCRIPTOR_HEADER_BYTES = {
    3: 3,
    4: 13,
}  # bytes before what is inside of an ES and of a DecoderConfig descriptor: ISO/IEC 14496-1, 7.2.6


_MAX_INDEX_BYTES = 16_000_000
"""Bytes before the end of the index that are read: an hour of video has an index of 2 MB."""
_MACROBLOCK = 16
"""Pixels, in width and height."""
_LEVELS = (
    (10, 1_485, 99, 396),
    (11, 3_000, 396, 900),
    (12, 6_000, 396, 2_376),
    (13, 11_880, 396, 2_376),
    (21, 19_800, 792, 4_752),
    (22, 20_250, 1_620, 8_100),
    (30, 40_500, 1_620, 8_100),
    (31, 108_000, 3_600, 18_000),
    (32, 216_000, 5_120, 20_480),
    (40, 245_760, 8_192, 32_768),
    (42, 522_240, 8_704, 34_816),
    (50, 589_824, 22_080, 110_400),
    (51, 983_040, 36_864, 184_320),
    (52, 2_073_600, 36_864, 184_320),
    (60, 4_177_920, 139_264, 696_320),
    (61, 8_355_840, 139_264, 696_320),
    (62, 16_711_680, 139_264, 696_320),
)
"""Limits of H.264 levels (ITU-T H.264, table A-1) that differ in these: level times ten, macroblocks a second,
macroblocks of a picture, macroblocks of the decoded picture buffer."""
_DECODED_PICTURES = {"slow": 5, "slower": 8, "veryslow": 16, "placebo": 16}
"""Pictures that x264 keeps decoded, by preset; any other preset keeps at most 4."""


def bounding_mime(max_side: int, max_fps: int, preset: str) -> str:
    """Media type of every MP4 whose pictures have no side above ``max_side`` pixels and at most ``max_fps`` frames a
    second, coded by x264 with ``preset``. Its H.264 level is the lowest that suffices for all of them: a decoder of
    that level decodes each, as the levels include each other (ITU-T H.264, A.3)."""
    side = -(-max_side // _MACROBLOCK)
    picture = side * side
    decoded = picture * _DECODED_PICTURES.get(preset, 4)
    fitting = (
        level
        for level, per_second, largest, buffer in _LEVELS
        if picture * max_fps <= per_second and picture <= largest and decoded <= buffer
    )
    return f'video/mp4; codecs="avc1.6400{next(fitting, _LEVELS[-1][0]):02x}, mp4a.40.2"'


def read_mime(file: BinaryIO) -> str | None:
    """:func:`mime_of` of an MP4 that is read up to the end of its index; None while the index is not whole."""
    beginning = b""
    while len(header := file.read(8)) == 8:
        size, kind = int.from_bytes(header[:4], "big"), header[4:]
        if size < 8 or len(beginning) + size > _MAX_INDEX_BYTES or kind in (b"mdat", b"moof"):
            return None
        beginning += header + file.read(size - 8)
        if kind == b"moov":
            return mime_of(beginning)
    return None


def mime_of(beginning: bytes) -> str | None:
    """Media type for MediaSource.isTypeSupported, e.g. ``video/mp4; codecs="avc1.640028, mp4a.40.2"`` (RFC 6381).

    ``beginning`` are the first bytes of an MP4 with H.264 and AAC by :class:`lipsync.video.writer.Mp4Writer`. None if
    its index is incomplete, as in a stream before its first fragment.
    """
    if all(name != b"moov" for name, _, _ in boxes(beginning)):
        return None
    names = [name for kind, at, end in leaves(beginning) if (name := _name(kind, beginning[at:end]))]
    return f'video/mp4; codecs="{", ".join(names)}"'


def _name(kind: bytes, body: bytes) -> str:
    """RFC 6381 name of the codec described by a box; empty for other boxes."""
    if kind == b"avcC":  # profile, constraints, level: ISO/IEC 14496-15, 5.3.3.1
        return f"avc1.{body[1:4].hex()}"
    if kind == b"esds":  # MPEG-4 audio object type: the first five bits of the AudioSpecificConfig
        return f"mp4a.40.{_sound_config(body[4:])[0] >> 3}"
    return ""


def _sound_config(descriptor: bytes) -> bytes:
    """The AudioSpecificConfig (tag 5) inside an ES descriptor (ISO/IEC 14496-1, 8.3)."""
    tag, at, length = descriptor[0], 1, 0
    while True:  # variable-length integer: seven bits per byte, the highest bit marks continuation
        byte = descriptor[at]
        length, at = length << 7 | byte & 0x7F, at + 1
        if byte < 0x80:
            break
    body = descriptor[at : at + length]
    return body if tag == 5 else _sound_config(body[_DESCRIPTOR_HEADER_BYTES[tag] :])
