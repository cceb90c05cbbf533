"""Writes videos with an alpha channel: VP9 and Opus in a WebM."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from av.audio.stream import AudioStream
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream
from numpy.typing import NDArray

from lipsync.video.frame import Frame
from lipsync.video.libav import libav_frame, set_up_codec
from lipsync.video.pending_sound import PendingSound
from lipsync.video.writer import VideoWriter

_OPUS_RATE = 48_000
"""Hz: the rate of Opus' decoder, to which every sound is resampled."""
_SOUND_BITS = 96_000
_OPTIONS = {"fflags": "+bitexact"}
"""Without it the muxer writes random numbers as identifiers, and the same request gives different bytes."""
_SPEED = 7
"""Speed of libvpx for real time, of 5 to 8. On 75 frames of a moving head (1024x1304), colours and alpha together, a
frame takes 25, 21, 19 and 17 ms of CPU from 5 to 8, and files are of like size and PSNR; H.264 takes 9 ms."""
_CRF_OFFSET = 13
"""What is added to the quality setting of x264: on the same frames the luma's PSNR inside the person is then that of
H.264, 42.7 dB, in a file a quarter larger."""


class WebmEncoder:
    """Encodes a WebM with VP9 (yuva420p, BT.709 limited range) and Opus (mono). Not thread-safe.

    The alpha is a second VP9 picture in each block's additional data ("WebM alpha"), which Chromium and Firefox play;
    decoders that do not know of it show the colours alone.

    All methods raise OSError or av.FFmpegError if the target cannot be written.
    """

    def __init__(self, target: str, *, width: int, height: int, fps: int, rate: int, crf: int, threads: int) -> None:
        """``rate`` of the sound in Hz; ``crf`` as of x264."""
        self._fps, self._rate = fps, rate
        self._frames = 0
        self._pending = PendingSound(rate)
        self._container = av.open(target, "w", format="webm", container_options=_OPTIONS)
        self._video: VideoStream = self._container.add_stream("libvpx-vp9", rate=fps)
        context: VideoCodecContext = self._video.codec_context
        set_up_codec(context, width, height, "yuva420p", fps, threads)
        context.bit_rate = 0  # the quality alone decides
        context.options = {
            "crf": str(min(63, crf + _CRF_OFFSET)),
            "deadline": "realtime",
            "cpu-used": str(_SPEED),
            "row-mt": "1",
            "lag-in-frames": "0",
            "auto-alt-ref": "0",
        }
        self._sound: AudioStream = self._container.add_stream("libopus", rate=_OPUS_RATE, layout="mono")
        self._sound.bit_rate = _SOUND_BITS
        self._resampler = av.AudioResampler("flt", "mono", _OPUS_RATE)
        self._sound_encoded = 0
        try:
            self._container.start_encoding()
        except BaseException:
            self._container.close()
            raise

    def add_sound(self, samples: NDArray[np.float32]) -> None:
        """Append (n,) float32 mono samples in [-1, 1]."""
        self._pending.add(samples)

    def add_frame(self, frame: Frame) -> None:
        """Append a frame of the size given at creation; one without an alpha is opaque."""
        picture = _video_frame(frame)
        picture.pts, picture.duration, picture.time_base = self._frames, 1, Fraction(1, self._fps)
        self._frames += 1
        self._mux(self._video.encode(picture))
        self._encode_sound_until(self._frames * self._rate // self._fps)

    def add_subtitle(self, start: float, end: float, text: str) -> None:  # noqa: ARG002
        """Raise ValueError: the file has no subtitle track."""
        raise ValueError("this video has no subtitle track")

    def finish(self) -> None:
        """Flush the encoders, and write the index."""
        self._encode_sound_until(None)
        self._encode_sound(self._resampler.resample(None))
        self._mux(self._video.encode(None))
        if self._sound_encoded:
            self._mux(self._sound.encode(None))
        self._container.close()

    def abort(self) -> None:
        """Close the target, which is then incomplete."""
        self._container.close()

    def _encode_sound_until(self, until: int | None) -> None:
        for frame in self._pending.take_until(until):
            self._encode_sound(self._resampler.resample(frame))

    def _encode_sound(self, frames: list[av.AudioFrame]) -> None:
        for frame in frames:
            frame.pts, frame.time_base = self._sound_encoded, Fraction(1, _OPUS_RATE)
            self._sound_encoded += frame.samples
            self._mux(self._sound.encode(frame))

    def _mux(self, packets: Iterable[av.Packet[Any]]) -> None:
        for packet in packets:
            self._container.mux_one(packet)


class WebmWriter(VideoWriter):
    """Writes a video with an alpha channel, as :class:`WebmEncoder` encodes it, in one pass."""

    def __init__(
        self,
        target: Path,
        *,
        width: int,
        height: int,
        fps: int,
        rate: int,
        crf: int = 20,
        threads: int = 1,
    ) -> None:
        """``width`` and ``height`` in pixels, both even; ``rate`` of the sound in Hz; ``crf`` as of x264."""

        def open_encoder(url: str) -> WebmEncoder:
            return WebmEncoder(url, width=width, height=height, fps=fps, rate=rate, crf=crf, threads=threads)

        super().__init__(target, width=width, height=height, open_encoder=open_encoder)


def _video_frame(frame: Frame) -> av.VideoFrame:
    """Copy the frame into planes of libav."""
    alpha = np.full_like(frame.y, 255) if frame.alpha is None else frame.alpha
    cb, cr = (np.asarray(plane, np.uint8) for plane in cv2.split(frame.uv))
    return libav_frame(frame.width, frame.height, "yuva420p", (frame.y, cb, cr, alpha))
