"""Safe decoding of sound files of any common format to mono samples.

As for videos (lipsync/video/decode.py), libav does not choose the demuxer: the first bytes select one of a few, all
others and all protocols are disabled, and an attempt to open anything but the given bytes is an error. The length is
bounded while decoding.
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

from lipsync.audio.errors import AudioError, AudioTooLongError

log = logging.getLogger(__name__)

MIN_SAMPLE_RATE, MAX_SAMPLE_RATE = 4_000, 192_000
"""Minimum and maximum sample rate of a file in Hz."""
_MAX_CHANNELS = 8
_SIGNATURE_BYTES = 64

_CODECS = (
    "aac,aac_latm,mp3,mp3float,mp2,mp2float,mp1,mp1float,opus,libopus,vorbis,libvorbis,flac,alac,pcm_s16le,pcm_s16be,"
    "pcm_s24le,pcm_s24be,pcm_s32le,pcm_s32be,pcm_f32le,pcm_f32be,pcm_f64le,pcm_f64be,pcm_u8,pcm_s8,pcm_mulaw,"
    "pcm_alaw,adpcm_ms,adpcm_ima_wav,amrnb,libopencore_amrnb,amrwb,libopencore_amrwb,ac3,eac3,wmav1,wmav2"
)


def read_sound(data: bytes, rate: int, *, max_seconds: float) -> NDArray[np.float32]:
    """Decode a sound file: (n,) float32 mono samples in [-1, 1] at ``rate`` Hz.

    Formats: WAV, FLAC, MP3, AAC, M4A, MP4, MOV, WebM, Matroska, Ogg, AIFF, CAF, AU, AMR, WMA and MPEG. Channels are
    averaged; NaN becomes silence. A damaged file ends where the damage begins.

    Raises AudioError if it is not a sound file or cannot be decoded, AudioTooLongError if it has more than
    ``max_seconds`` (whatever the header states; nothing beyond has been decoded then).
    """
    max_samples = int(max_seconds * rate)
    pieces: list[NDArray[np.float32]] = []
    total = 0
    for piece in _decode_pieces(data, rate):
        total += len(piece)
        if total > max_samples:
            raise AudioTooLongError("sound_too_long", limit=f"{max_seconds:g}")
        pieces.append(piece)
    if total == 0:
        raise AudioError("broken_sound")
    samples = np.nan_to_num(np.concatenate(pieces), nan=0.0, posinf=1.0, neginf=-1.0)
    return np.clip(samples, -1, 1, out=samples)


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
    """Name of libav's demuxer for a file with this ``head``; None for an unsupported format."""
    if head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"):
        return "mov"
    kind = {b"RIFFWAVE": "wav", b"RF64WAVE": "wav", b"FORMAIFF": "aiff", b"FORMAIFC": "aiff"}.get(
        head[:4] + head[8:12]
    )
    kind = kind or next((name for start, name in _STARTS.items() if head.startswith(start)), None)
    # Frames without a container begin with eleven 1 bits; the layer is 0 in ADTS and never in MPEG audio.
    if kind is None and len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:
        kind = "aac" if head[1] & 0xF6 == 0xF0 else "mp3" if head[1] & 0x06 else None
    return kind


def _decode_pieces(data: bytes, rate: int) -> Iterator[NDArray[np.float32]]:
    """The samples of the file in chunks, mono at ``rate`` Hz."""
    demuxer = _demuxer(data[:_SIGNATURE_BYTES])
    if demuxer is None:
        raise AudioError("not_a_sound")
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
            io_open=_refuse_open,
        ) as container:
            yield from _decode_stream(container, rate)
    except (av.FFmpegError, ValueError) as error:
        raise AudioError("broken_sound") from error


def _decode_stream(container: InputContainer, rate: int) -> Iterator[NDArray[np.float32]]:
    """The samples of the first audio stream of the container, up to its end or to damage."""
    if not container.streams.audio:
        raise AudioError("not_a_sound")
    stream = container.streams.audio[0]
    context = stream.codec_context
    if context is None:  # libav has no decoder for it at all
        raise AudioError("not_a_sound")
    if (
        not MIN_SAMPLE_RATE <= (context.sample_rate or 0) <= MAX_SAMPLE_RATE
        or not 1 <= context.channels <= _MAX_CHANNELS
    ):
        raise AudioError("broken_sound")
    context.thread_count = 1
    resampler = av.AudioResampler("fltp", None, rate)
    has_started = False
    for packet in container.demux(stream):
        try:
            frames = packet.decode()
            for frame in frames:
                frame.pts = None  # gaps in the timestamps of recorders are not silence
                for resampled in resampler.resample(frame):
                    has_started = True
                    yield _downmix(resampled)
        except (av.FFmpegError, ValueError) as error:
            if has_started:
                log.info("a sound file is damaged (%s): the rest is ignored", error)
                break
    for resampled in resampler.resample(None) if has_started else ():
        yield _downmix(resampled)


def _downmix(frame: av.AudioFrame) -> NDArray[np.float32]:
    """(n,) mean of the channels. libav's own downmix of two equal channels is 3 dB louder and clips."""
    mixed: NDArray[np.float32] = frame.to_ndarray().mean(axis=0, dtype=np.float32)
    return mixed


def _refuse_open(url: str, flags: int, options: dict[str, str]) -> NoReturn:  # noqa: ARG001 - as libav calls it
    raise PermissionError(f"a sound file may not open {url!r}")
