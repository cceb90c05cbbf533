"""What a browser must be told before it plays a stream: the codecs of an MP4, read from its first bytes."""

from __future__ import annotations

from collections.abc import Iterator

_INSIDE = {b"moov": 0, b"trak": 0, b"mdia": 0, b"minf": 0, b"stbl": 0, b"stsd": 8, b"avc1": 78, b"mp4a": 28}
"""Boxes that hold boxes, and how many bytes come before those: ISO/IEC 14496-12, 8.5.2 and 12; 14496-15, 5.4.2."""
_TAGS = {
    3: 3,
    4: 13,
}  # bytes before what is inside of an ES and of a DecoderConfig descriptor: ISO/IEC 14496-1, 7.2.6


def mime_of(beginning: bytes) -> str | None:
    """Such as ``video/mp4; codecs="avc1.640028, mp4a.40.2"`` (RFC 6381): what MediaSource.isTypeSupported takes.

    ``beginning``: an MP4's first bytes, of H.264 and AAC as :class:`lipsync.media.video.Mp4Writer` writes them. None
    while its index is not whole, as in a stream whose first fragment has not come.
    """
    if all(name != b"moov" for name, _ in _boxes(beginning)):
        return None
    names = [name for kind, body in _leaves(beginning) if (name := _name(kind, body))]
    return f'video/mp4; codecs="{", ".join(names)}"'


def _name(kind: bytes, body: bytes) -> str:
    """Of the codec that a box describes; empty for another box."""
    if kind == b"avcC":  # profile, constraints, level: ISO/IEC 14496-15, 5.3.3.1
        return f"avc1.{body[1:4].hex()}"
    if kind == b"esds":  # object type of MPEG-4 sound, the first five bits of its AudioSpecificConfig
        return f"mp4a.40.{_sound_config(body[4:])[0] >> 3}"
    return ""


def _sound_config(descriptor: bytes) -> bytes:
    """The AudioSpecificConfig (tag 5) in an ES descriptor: ISO/IEC 14496-1, 8.3."""
    tag, at, length = descriptor[0], 1, 0
    while True:  # seven bits of the length a byte, as long as the highest bit is set
        byte = descriptor[at]
        length, at = length << 7 | byte & 0x7F, at + 1
        if byte < 0x80:
            break
    body = descriptor[at : at + length]
    return body if tag == 5 else _sound_config(body[_TAGS[tag] :])


def _leaves(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    for kind, body in _boxes(data):
        if kind in _INSIDE:
            yield from _leaves(body[_INSIDE[kind] :])
        else:
            yield kind, body


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Type and content of each whole box: ISO/IEC 14496-12, 4.2."""
    at = 0
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        if size < 8 or at + size > len(data):
            return
        yield data[at + 4 : at + 8], data[at + 8 : at + size]
        at += size
