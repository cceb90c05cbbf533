"""Frames and sound to H.264 and AAC in an MP4, one call after another; :mod:`lipsync.media.video` adds the thread."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.audio.stream import AudioStream
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream
from numpy.typing import NDArray

from lipsync.media.fragments import Fragments, is_priming
from lipsync.media.frame import Frame
from lipsync.media.subtitle_track import SubtitleTrack

AAC_RATES = (7350, 8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000)
"""Sampling frequencies of AAC: ISO/IEC 14496-3, table 1.18. Any other sound is resampled."""

_BT709 = 1  # ITU-T H.273: the same number for primaries, transfer and matrix
_LIMITED = 1  # libavutil AVCOL_RANGE_MPEG
_KEYFRAME_SECONDS = 2
_LOOKAHEAD = 5
"""Frames that x264 looks ahead, its own choice being 10: a talking head has no cuts to foresee, and at 1024x1304
five save 24 MB and 0.3 ms a frame, and the file is no larger."""
_SOUND_BITS = 128_000
_MOST_BITS_PER_SAMPLE = 6  # ISO/IEC 14496-3, 4.5.3: 6144 bits for the 1024 samples of a frame
_OPTIONS = {"movflags": "+faststart+negative_cts_offsets"}
"""Offsets between decoding and presentation are signed (``ctts`` version 1, ISO/IEC 14496-12, 8.6.1.3), so that the
first picture is presented at 0 by itself. With unsigned ones the pictures start two frames late (80 ms at 25 a
second) in every player that ignores edit lists."""
_SILENT = 1e-4
"""Amplitude (-80 dB) up to which a sample counts as silence."""


def aac_rate(rate: int) -> int:
    """The rate at which sound of ``rate`` samples a second is coded: the same, or the next that AAC has."""
    return next((known for known in AAC_RATES if known >= rate), 48000)


class Encoder:
    """An MP4 being made. Not safe for more than one thread at a time.

    Sound is kept until the frames reach its time, so that both streams lie side by side in the file.

    The AAC encoder begins with a priming packet, which lies before time 0 and only serves to decode the first frame
    of samples: AAC adds each packet to the half of the one before it (ISO/IEC 14496-3, 4.6.11). Where those samples
    are silent, as they are before all speech, the packet is left out. Both tracks then start at 0 without the help of
    an edit list, and players that ignore edit lists keep sound and picture together. With the packet, their sound is
    46 ms late at 22,050 samples a second. Where sound begins at once the packet is kept, and an edit list hides it.

    Raises OSError or av.FFmpegError from any method when the target cannot be written.
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
        """``subtitles`` is the language (ISO 639-1) of a track of them; empty: there is none. ``stream`` gets the
        same packets as they come."""
        self._fps, self._rate = fps, rate
        self._frames = 0
        self._waiting: deque[NDArray[np.float32]] = deque()
        self._sound_taken = 0
        self._sound_coded = 0
        self._starts_silent = True
        self._container = av.open(target, "w", format="mp4", container_options=_OPTIONS)
        self._video: VideoStream = self._container.add_stream("libx264", rate=fps)
        self._set_up_video(width, height, crf, preset, threads)
        coded_rate = aac_rate(rate)
        self._sound: AudioStream = self._container.add_stream("aac", rate=coded_rate, layout="mono", format="fltp")
        self._sound.bit_rate = min(_SOUND_BITS, _MOST_BITS_PER_SAMPLE * coded_rate)
        self._resampler = av.AudioResampler("fltp", "mono", coded_rate) if coded_rate != rate else None
        self._subtitles = SubtitleTrack(self._container, subtitles) if subtitles else None
        try:
            self._container.start_encoding()
            self._fragments = Fragments(stream, list(self._container.streams)) if stream is not None else None
        except BaseException:
            self._container.close()
            raise

    def _set_up_video(self, width: int, height: int, crf: int, preset: str, threads: int) -> None:
        context: VideoCodecContext = self._video.codec_context
        context.width, context.height, context.pix_fmt = width, height, "nv12"  # coded as yuv420p
        context.gop_size = _KEYFRAME_SECONDS * self._fps
        context.thread_count = threads
        context.color_range = _LIMITED
        context.color_primaries = context.color_trc = context.colorspace = _BT709
        context.options = {
            "crf": str(crf),
            "preset": preset,
            "profile": "high",
            "rc-lookahead": str(_LOOKAHEAD),
            **_steady_code(),
        }

    def add_sound(self, samples: NDArray[np.float32]) -> None:
        """(n,) mono in [-1, 1]: the sound that follows what was added before."""
        self._waiting.append(samples)

    def add_frame(self, frame: Frame) -> None:
        """The next frame, of the size that was given."""
        picture = _video_frame(frame)
        picture.pts, picture.duration, picture.time_base = self._frames, 1, Fraction(1, self._fps)
        self._frames += 1
        self._mux(self._video.encode(picture))
        self._code_sound(self._frames * self._rate // self._fps)

    def add_subtitle(self, start: float, end: float, text: str) -> None:
        """The next subtitle, in seconds; not before the end of the one before it."""
        if self._subtitles is None:
            raise ValueError("this video has no track of subtitles")
        self._mux([self._subtitles.packet(start, end, text)])

    def finish(self) -> None:
        """Write all that is still held, and the index."""
        self._code_sound(None)
        if self._resampler is not None:
            self._code(self._resampler.resample(None))
        self._mux(self._video.encode(None))
        if self._sound_coded:
            self._mux(self._sound.encode(None))
        if self._fragments is not None:
            self._fragments.finish()
        self._container.close()

    def drop(self) -> None:
        """Close the target; what it holds is worth nothing. The stream ends where it is."""
        if self._fragments is not None:
            self._fragments.drop()
        self._container.close()

    def _code_sound(self, until: int | None) -> None:
        """Code the sound up to sample ``until``, or all of it."""
        while self._waiting and (until is None or self._sound_taken < until):
            samples = self._waiting.popleft()
            room = self._rate if until is None else until - self._sound_taken
            if len(samples) > room:
                self._waiting.appendleft(samples[room:])
                samples = samples[:room]
            if len(samples) == 0:
                continue
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples[None]), "fltp", "mono")
            frame.sample_rate, frame.time_base, frame.pts = self._rate, Fraction(1, self._rate), self._sound_taken
            self._sound_taken += len(samples)
            self._code([frame] if self._resampler is None else self._resampler.resample(frame))

    def _code(self, frames: list[av.AudioFrame]) -> None:
        for frame in frames:
            first = self._sound.codec_context.frame_size - self._sound_coded  # samples left of the first packet's
            if first > 0 and np.abs(frame.to_ndarray()[:, :first]).max(initial=0.0) > _SILENT:
                self._starts_silent = False
            frame.pts, frame.time_base = self._sound_coded, Fraction(1, frame.sample_rate)
            self._sound_coded += frame.samples
            self._mux(self._sound.encode(frame))

    def _mux(self, packets: Iterable[av.Packet[Any]]) -> None:
        for packet in packets:
            if self._fragments is not None:
                self._fragments.add(packet)  # first: the file's container changes the packet
            if not (self._starts_silent and is_priming(packet)):
                self._container.mux_one(packet)


@cache
def _steady_code(processor: Path = Path("/proc/cpuinfo")) -> dict[str, str]:
    """x264's options that keep it from AVX-512 where the processor has it.

    Its macroblock tree reads memory there that nobody wrote: 25 codings of the same 25 frames of 240x280 gave 23 to
    25 different files. With AVX2 they are all the same, no larger, and take about a tenth longer.
    """
    try:
        has_it = "avx512" in processor.read_text()
    except OSError:  # not Linux: x264 chooses
        has_it = False
    return {"x264-params": "asm=AVX2"} if has_it else {}


def _video_frame(frame: Frame) -> av.VideoFrame:
    """A copy of the frame in libav's own memory."""
    copy = av.VideoFrame(frame.width, frame.height, "nv12")
    for plane, values in zip(copy.planes, (frame.y, frame.uv), strict=True):
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)  # rows may be padded
        rows[: len(values), : frame.width] = values.reshape(len(values), frame.width)
    return copy
