"""Encoding of frames and sound to fragmented MP4 in memory, with as little delay as possible: for a live answer."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream
from numpy.typing import NDArray

from lipsync.video.codecs import mime_of
from lipsync.video.encode import add_aac, x264_parameters
from lipsync.video.fragments import is_priming
from lipsync.video.frame import Frame
from lipsync.video.libav import libav_frame, set_up_codec
from lipsync.video.pending_sound import PendingSound

_FRAGMENT_S = 0.08
"""Seconds of a fragment: two frames at 25 frames a second. The boxes around fragments take 5 kB a second."""
_SOUND_BITS = 64_000
_OPTIONS = {
    # The index is written before the first frame: neither stream has an edit list, because x264 makes no B-frames
    # here and the priming packet of the sound is omitted (lipsync/video/fragments.py).
    "movflags": "+frag_keyframe+empty_moov+default_base_moof+skip_trailer",
    "use_editlist": "0",
    "frag_duration": str(round(_FRAGMENT_S * 1e6)),  # microseconds
    "flush_packets": "1",
    "max_interleave_delta": "1",
}


class LiveEncoder:
    """Encodes one answer. Not thread-safe. All methods raise av.FFmpegError where libav fails.

    H.264 without B-frames and lookahead (``tune=zerolatency``): a frame is coded when it is added. A fragment is
    complete when the frame after it is added.
    """

    def __init__(
        self, *, width: int, height: int, fps: int, rate: int, crf: int, preset: str, threads: int = 1
    ) -> None:
        """``width`` and ``height`` in pixels, both even; ``rate`` of the sound in Hz."""
        self._fps, self._rate = fps, rate
        self._sink = _Sink()
        self._pending = PendingSound(rate)
        self._waiting: list[av.Packet[Any]] = []
        self._sound_encoded = 0
        self._container = av.open(self._sink, "w", format="mp4", container_options=_OPTIONS)
        self._video: VideoStream = self._container.add_stream("libx264", rate=fps)
        context: VideoCodecContext = self._video.codec_context
        set_up_codec(context, width, height, "nv12", fps, threads)
        parameters = x264_parameters(preset)
        context.options = {
            "crf": str(crf),
            "preset": preset,
            "tune": "zerolatency",
            "profile": "high",
            **({"x264-params": parameters} if parameters else {}),
        }
        self._sound, self._resampler = add_aac(self._container, rate, _SOUND_BITS)
        try:
            self._container.start_encoding()
        except BaseException:
            self._container.close()
            raise
        self.header = self._sink.take()
        """The initialization segment: what a player needs before the first fragment."""
        self.mime = mime_of(self.header) or "video/mp4"
        """Media type with the codecs (RFC 6381)."""

    def add_sound(self, samples: NDArray[np.float32]) -> None:
        """Append (n,) float32 mono samples in [-1, 1]; they are coded with the frames of their time."""
        self._pending.add(samples)

    def add_frame(self, frame: Frame, index: int, count: int = 1) -> bytes:
        """Append the frame that is shown from ``index / fps`` seconds on, for ``count`` frames; each index is higher
        than the one before. Returns the fragments that are complete now: often none."""
        picture = libav_frame(frame.width, frame.height, "nv12", (frame.y, frame.uv))
        picture.pts, picture.duration, picture.time_base = index, count, Fraction(1, self._fps)
        self._encode_sound((index + count) * self._rate // self._fps)
        for packet in self._video.encode(picture):
            self._mux_until(packet)
        return self._sink.take()

    def finish(self) -> bytes:
        """The last fragments. Nothing can be added afterwards."""
        self._encode_sound(None)
        for packet in self._video.encode(None):
            self._mux_until(packet)
        if self._resampler is not None:
            self._encode(self._resampler.resample(None))
        if self._sound_encoded:
            self._keep(self._sound.encode(None))
        self._container.mux(self._waiting)
        self._waiting = []
        self._container.close()
        return self._sink.take()

    def abort(self) -> None:
        """Free the encoders and their threads; what was not returned is lost."""
        self._waiting = []
        self._container.close()

    def _mux_until(self, packet: av.Packet[Any]) -> None:
        """Mux the video ``packet`` after the sound that precedes it."""
        now = _time(packet)
        self._container.mux([sound for sound in self._waiting if _time(sound) <= now])
        self._waiting = [sound for sound in self._waiting if _time(sound) > now]
        self._container.mux_one(packet)

    def _encode_sound(self, until: int | None) -> None:
        for frame in self._pending.take_until(until):
            self._encode([frame] if self._resampler is None else self._resampler.resample(frame))

    def _encode(self, frames: list[av.AudioFrame]) -> None:
        for frame in frames:
            frame.pts, frame.time_base = self._sound_encoded, Fraction(1, frame.sample_rate)
            self._sound_encoded += frame.samples
            self._keep(self._sound.encode(frame))

    def _keep(self, packets: Iterable[av.Packet[Any]]) -> None:
        self._waiting += [packet for packet in packets if not is_priming(packet)]


def _time(packet: av.Packet[Any]) -> Fraction:
    """Decoding time of the packet in seconds."""
    return (packet.dts or 0) * packet.time_base


class _Sink:
    """A file object without seeking, whose bytes are taken away as they come."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self.closed = False

    def write(self, data: bytes) -> int:
        self._bytes += data
        return len(data)

    def take(self) -> bytes:
        taken = bytes(self._bytes)
        self._bytes.clear()
        return taken

    def close(self) -> None:
        self.closed = True
