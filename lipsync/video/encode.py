"""Encoding of frames and sound to H.264 and AAC in an MP4; :mod:`lipsync.video.writer` runs it in a thread."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream
from numpy.typing import NDArray

from lipsync.video.fragments import FragmentWriter, is_priming
from lipsync.video.frame import Frame
from lipsync.video.libav import libav_frame, set_up_codec
from lipsync.video.pending_sound import PendingSound
from lipsync.video.subtitle_track import SubtitleTrack

AAC_RATES = (7350, 8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000)
"""Sample rates of AAC in Hz (ISO/IEC 14496-3, table 1.18). Sound of any other rate is resampled."""

_LOOKAHEAD_FRAMES = 5
"""Lookahead of x264 in frames; its default for this preset is 10. A talking head has no scene cuts, and at 1024x1304
five frames save 24 MB and 0.3 ms per frame, and the file does not grow."""
_FAST_SEARCH = {"veryfast": "me=dia:merange=4:subme=1:b-adapt=0:weightp=0:b-pyramid=none:partitions=p8x8"}
"""By preset: x264 parameters for a talking head, which moves smoothly by parts of a pixel and neither fades nor cuts.
On 150 frames of two portraits (1024x1304, 1024x1024) with a moving head: 3.9 and 5.6 instead of 7.7 and 11.3 ms of
CPU a frame, files 5 % larger and as large, luma PSNR 0.13 dB lower and as high."""
_SOUND_BITS = 128_000
_AAC_CODER = "fast"
"""Coder of libav's AAC encoder. On four recordings and a voice the default, twoloop, takes two and a half to four
times as long for the same signal-to-noise ratio within 1 dB (31 to 36 dB), and makes 87 to 103 kbit/s, not 88 to
120."""
_MAX_BITS_PER_SAMPLE = 6  # ISO/IEC 14496-3, 4.5.3: 6144 bits for the 1024 samples of a frame
_OPTIONS = {"movflags": "+faststart+negative_cts_offsets"}
"""Signed composition offsets (``ctts`` version 1, ISO/IEC 14496-12, 8.6.1.3) let the first picture be presented at 0
without an edit list. With unsigned ones, the pictures start two frames late (80 ms at 25 frames per second) in every
player that ignores edit lists."""
_SILENT = 1e-4
"""Amplitude (-80 dB) up to which a sample counts as silence."""


def aac_rate(rate: int) -> int:
    """Sample rate of the AAC stream for sound of ``rate`` Hz: the same, or the next higher one that AAC has."""
    return next((known for known in AAC_RATES if known >= rate), 48000)


def add_aac(container: OutputContainer, rate: int, bits: int) -> tuple[AudioStream, av.AudioResampler | None]:
    """Add an AAC stream for mono sound of ``rate`` Hz, of at most ``bits`` a second; and what resamples to its rate,
    None where the rates are the same."""
    coded_rate = aac_rate(rate)
    stream: AudioStream = container.add_stream("aac", rate=coded_rate, layout="mono", format="fltp")
    stream.bit_rate = min(bits, _MAX_BITS_PER_SAMPLE * coded_rate)
    stream.codec_context.options = {"aac_coder": _AAC_CODER}
    return stream, av.AudioResampler("fltp", "mono", coded_rate) if coded_rate != rate else None


class Encoder:
    """Encodes an MP4. Not thread-safe.

    Sound is buffered until the frames reach its time, so that both streams are interleaved in the file.

    The AAC encoder begins with a priming packet, which lies before time 0 and only serves to decode the first frame
    of samples: AAC overlaps each packet with half of the one before it (ISO/IEC 14496-3, 4.6.11). If those samples
    are silent, as before all speech, the packet is omitted. Both tracks then start at 0 without an edit list, and
    players that ignore edit lists keep sound and picture in sync. With the packet, their sound is 46 ms late at
    22,050 Hz. If sound begins at once, the packet is kept and hidden by an edit list.

    All methods raise OSError or av.FFmpegError if the target cannot be written.
    """

    def __init__(
        self,
        target: str,
        *,
        width: int,
        height: int,
        fps: int,
        rate: int,
        crf: int,
        preset: str,
        threads: int,
        subtitles: str = "",
        stream: Path | None = None,
    ) -> None:
        """``subtitles`` is the language (ISO 639-1) of a subtitle track, empty for none. ``stream`` receives the same
        packets as a fragmented MP4."""
        self._fps, self._rate = fps, rate
        self._frames = 0
        self._pending = PendingSound(rate)
        self._sound_encoded = 0
        self._starts_silent = True
        self._container = av.open(target, "w", format="mp4", container_options=_OPTIONS)
        self._video: VideoStream = self._container.add_stream("libx264", rate=fps)
        self._set_up_video(width, height, crf, preset, threads)
        self._sound, self._resampler = add_aac(self._container, rate, _SOUND_BITS)
        self._subtitles = SubtitleTrack(self._container, subtitles) if subtitles else None
        try:
            self._container.start_encoding()
            self._fragments = FragmentWriter(stream, list(self._container.streams)) if stream is not None else None
        except BaseException:
            self._container.close()
            raise

    def _set_up_video(self, width: int, height: int, crf: int, preset: str, threads: int) -> None:
        context: VideoCodecContext = self._video.codec_context
        set_up_codec(context, width, height, "nv12", self._fps, threads)  # coded as yuv420p
        parameters = x264_parameters(preset)
        context.options = {
            "crf": str(crf),
            "preset": preset,
            "profile": "high",
            "rc-lookahead": str(_LOOKAHEAD_FRAMES),
            **({"x264-params": parameters} if parameters else {}),
        }

    def add_sound(self, samples: NDArray[np.float32]) -> None:
        """Append (n,) float32 mono samples in [-1, 1]."""
        self._pending.add(samples)

    def add_frame(self, frame: Frame) -> None:
        """Append a frame of the size given at creation."""
        picture = libav_frame(frame.width, frame.height, "nv12", (frame.y, frame.uv))
        picture.pts, picture.duration, picture.time_base = self._frames, 1, Fraction(1, self._fps)
        self._frames += 1
        self._mux(self._video.encode(picture))
        self._encode_sound_until(self._frames * self._rate // self._fps)

    def add_subtitle(self, start: float, end: float, text: str) -> None:
        """Append a subtitle, with times in seconds; it must not begin before the end of the previous one."""
        if self._subtitles is None:
            raise ValueError("this video has no subtitle track")
        self._mux([self._subtitles.packet(start, end, text)])

    def finish(self) -> None:
        """Flush the encoders, and write the index."""
        self._encode_sound_until(None)
        if self._resampler is not None:
            self._encode_sound(self._resampler.resample(None))
        self._mux(self._video.encode(None))
        if self._sound_encoded:
            self._mux(self._sound.encode(None))
        if self._fragments is not None:
            self._fragments.finish()
        self._container.close()

    def abort(self) -> None:
        """Close the target, which is then incomplete. The stream ends where it is."""
        if self._fragments is not None:
            self._fragments.abort()
        self._container.close()

    def _encode_sound_until(self, until: int | None) -> None:
        """Encode the sound up to sample ``until``, or all of it."""
        for frame in self._pending.take_until(until):
            self._encode_sound([frame] if self._resampler is None else self._resampler.resample(frame))

    def _encode_sound(self, frames: list[av.AudioFrame]) -> None:
        for frame in frames:
            first = (
                self._sound.codec_context.frame_size - self._sound_encoded
            )  # remaining samples of the first packet
            if first > 0 and np.abs(frame.to_ndarray()[:, :first]).max(initial=0.0) > _SILENT:
                self._starts_silent = False
            frame.pts, frame.time_base = self._sound_encoded, Fraction(1, frame.sample_rate)
            self._sound_encoded += frame.samples
            self._mux(self._sound.encode(frame))

    def _mux(self, packets: Iterable[av.Packet[Any]]) -> None:
        for packet in packets:
            if self._fragments is not None:
                self._fragments.add(packet)  # first, because muxing modifies the packet
            if not (self._starts_silent and is_priming(packet)):
                self._container.mux_one(packet)


def x264_parameters(preset: str) -> str:
    """Parameters of x264 for a talking head, in the form of libav's option ``x264-params``; empty for none."""
    fast = [_FAST_SEARCH[preset]] if preset in _FAST_SEARCH else []
    return ":".join([*_deterministic_x264_parameters(), *fast])


@cache
def _deterministic_x264_parameters(processor: Path = Path("/proc/cpuinfo")) -> list[str]:
    """Parameters that keep x264 from using AVX-512 where the processor has it.

    Its macroblock tree reads uninitialized memory there: 25 encodings of the same 25 frames of 240x280 gave 23 to 25
    different files. With AVX2 they are identical, no larger, and take about a tenth longer.
    """
    try:
        has_avx512 = "avx512" in processor.read_text()
    except OSError:  # not Linux: x264 chooses
        has_avx512 = False
    return ["asm=AVX2"] if has_avx512 else []
