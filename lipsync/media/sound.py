"""The sound in a file of any common kind, mono: bounded while it is decoded, and unable to reach anything else.

As with videos (decode.py), libav never chooses: the first bytes say which of few demuxers is used, no other is
allowed, no protocol is, and an attempt to open anything beside the given bytes is an error.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from io import BytesIO
from typing import NoReturn

import av
import numpy as np
from av.container import InputContainer
from numpy.typing import NDArray

from lipsync.errors import LipsyncError

log = logging.getLogger(__name__)

LEAST_RATE, MOST_RATE = 4_000, 192_000
"""Samples a second that a file may have."""
_MOST_CHANNELS = 8
_HEAD = 64

_CODECS = (
    "aac,aac_latm,mp3,mp3float,mp2,mp2float,mp1,mp1float,opus,libopus,vorbis,libvorbis,flac,alac,pcm_s16le,pcm_s16be,"
    "pcm_s24le,pcm_s24be,pcm_s32le,pcm_s32be,pcm_f32le,pcm_f32be,pcm_f64le,pcm_f64be,pcm_u8,pcm_s8,pcm_mulaw,"
    "pcm_alaw,adpcm_ms,adpcm_ima_wav,amrnb,libopencore_amrnb,amrwb,libopencore_amrwb,ac3,eac3,wmav1,wmav2"
)


def read_sound(data: bytes, rate: int, *, max_seconds: float) -> NDArray[np.float32]:
    """All of the sound in a file of these bytes: (n,) mono in [-1, 1], ``rate`` samples a second.

    WAV, FLAC, MP3, AAC, M4A, MP4, MOV, WebM, Matroska, Ogg, AIFF, CAF, AU, AMR, WMA and MPEG are read. It is the mean
    of the channels; samples that are no numbers are silence. A damaged file ends where the damage begins.

    Raises LipsyncError: not_a_sound, broken_sound (no sound can be decoded), sound_too_long (more than
    ``max_seconds``, whatever the header says; nothing beyond has been decoded then).
    """
    most = int(max_seconds * rate)
    pieces: list[NDArray[np.float32]] = []
    total = 0
    for piece in _pieces(data, rate):
        total += len(piece)
        if total > most:
            raise LipsyncError("sound_too_long", limit=f"{max_seconds:g}")
        pieces.append(piece)
    if total == 0:
        raise LipsyncError("broken_sound")
    samples = np.nan_to_num(np.concatenate(pieces), nan=0.0, posinf=1.0, neginf=-1.0)
    return np.clip(samples, -1, 1, out=samples)


def is_sound(data: bytes) -> bool:
    """Whether the first bytes are those of a file that :func:`read_sound` reads (a video has sound as well)."""
    return _demuxer(data[:_HEAD]) is not None


_STARTS = {
    b"fLaC": "flac",
    b"OggS": "ogg",
    b"\x1aE\xdf\xa3": "matroska",
    b"ID3": "mp3",
    b"caff": "caf",
    b".snd": "au",
    b"#!AMR": "amr",
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11": "asf",
    b"ADIF": "aac",
    b"\0\0\1\xba": "mpeg",
}


def _demuxer(head: bytes) -> str | None:
    """Libav's name of the one demuxer for a file that begins so; None for what is not read."""
    if head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"):
        return "mov"
    kind = {b"RIFFWAVE": "wav", b"RF64WAVE": "wav", b"FORMAIFF": "aiff", b"FORMAIFC": "aiff"}.get(
        head[:4] + head[8:12]
    )
    kind = kind or next((name for start, name in _STARTS.items() if head.startswith(start)), None)
    # Frames without a container: eleven bits of ones; the layer is 0 in ADTS and never in MPEG audio.
    if kind is None and len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:
        kind = "aac" if head[1] & 0xF6 == 0xF0 else "mp3" if head[1] & 0x06 else None
    return kind


def _pieces(data: bytes, rate: int) -> Iterator[NDArray[np.float32]]:
    demuxer = _demuxer(data[:_HEAD])
    if demuxer is None:
        raise LipsyncError("not_a_sound")
    try:
        with av.open(
            BytesIO(data),
            "r",
            format=demuxer,
            container_options={
                "format_whitelist": demuxer,
                "protocol_whitelist": "none",
                "codec_whitelist": _CODECS,
            },
            io_open=_nothing_else,
        ) as container:
            yield from _decoded(container, rate)
    except (av.FFmpegError, ValueError) as error:
        raise LipsyncError("broken_sound") from error


def _decoded(container: InputContainer, rate: int) -> Iterator[NDArray[np.float32]]:
    """The samples of the first sound in the container, until its end or its damage."""
    if not container.streams.audio:
        raise LipsyncError("not_a_sound")
    stream = container.streams.audio[0]
    context = stream.codec_context
    if context is None:  # libav has no decoder for it at all
        raise LipsyncError("not_a_sound")
    if not LEAST_RATE <= (context.sample_rate or 0) <= MOST_RATE or not 1 <= context.channels <= _MOST_CHANNELS:
        raise LipsyncError("broken_sound")
    context.thread_count = 1
    resampler = av.AudioResampler("fltp", None, rate)
    begun = False
    for packet in container.demux(stream):
        try:
            frames = packet.decode()
            for frame in frames:
                frame.pts = None  # a gap in a recorder's clock is no silence
                for one in resampler.resample(frame):
                    begun = True
                    yield _mixed(one)
        except (av.FFmpegError, ValueError) as error:
            if begun:
                log.info("a sound is damaged (%s): what follows is left out", error)
                break
    for one in resampler.resample(None) if begun else ():
        yield _mixed(one)


def _mixed(frame: av.AudioFrame) -> NDArray[np.float32]:
    """(n,), the mean of the channels: libav's own mix of two equal ones is 3 dB louder, and clips."""
    mixed: NDArray[np.float32] = frame.to_ndarray().mean(axis=0, dtype=np.float32)
    return mixed


def _nothing_else(url: str, flags: int, options: dict[str, str]) -> NoReturn:  # noqa: ARG001 - as libav calls it
    raise PermissionError(f"a sound may not open {url!r}")
