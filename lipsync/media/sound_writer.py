"""Sound to the bytes of a file, piece by piece: what has been encoded can be sent before the rest is known."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import IO, Any

import av
import numpy as np
from av.audio.stream import AudioStream
from numpy.typing import NDArray


@dataclass(frozen=True)
class SoundFormat:
    """One kind of file."""

    mime: str
    muxer: str = ""
    """Libav's name; empty where no library is needed."""
    codec: str = ""
    bit_rate: int = 0
    """Bits a second; 0 where nothing is lost."""
    is_streamed: bool = True
    """Whether it can be sent before its length is known. If not, :mod:`lipsync.media.sound_file` writes it."""


FORMATS = {
    "mp3": SoundFormat("audio/mpeg", "mp3", "libmp3lame", 96_000),
    "opus": SoundFormat("audio/ogg", "ogg", "libopus", 48_000),
    "aac": SoundFormat("audio/aac", "adts", "aac", 96_000),
    "flac": SoundFormat("audio/flac", "flac", "flac", is_streamed=False),
    "wav": SoundFormat("audio/wav", is_streamed=False),
    "pcm": SoundFormat("audio/pcm"),
}
"""By the names that OpenAI's interface has for them. WAV and PCM have 16 bits, little-endian; PCM has no header."""

_MUXING = {"mp3": {"write_xing": "0"}, "ogg": {"page_duration": "200000"}}  # no way back to a header; 0.2 s a page


class SoundWriter:
    """Encodes mono sound. For one thread; :meth:`finish` or :meth:`close` frees what libav holds."""

    def __init__(self, name: str, rate: int, file: IO[bytes] | None = None) -> None:
        """``name`` is one of FORMATS, ``rate`` samples a second: one that all encoders take, 24000 or 48000.

        With ``file`` the bytes go there and are not returned. A format that is not streamed needs one that can be
        sought in; of a WAV only the samples are written.
        """
        if file is None and not FORMATS[name].is_streamed:
            raise ValueError(f"{name} cannot be written as a stream")
        self.format = FORMATS[name]
        self._rate = rate
        self._stored = file is not None
        self._sink: Any = _Sink() if file is None else file
        self._written = 0
        self._container = self._stream = None
        if self.format.muxer:
            options = _MUXING.get(self.format.muxer, {})
            self._container = av.open(self._sink, "w", format=self.format.muxer, container_options=options)
            stream = self._container.add_stream(self.format.codec, rate=rate, layout="mono")
            assert isinstance(stream, AudioStream)
            stream.codec_context.thread_count = 1
            if self.format.bit_rate:
                stream.bit_rate = self.format.bit_rate
            self._stream = stream

    def add(self, samples: NDArray[np.float32]) -> bytes:
        """The bytes that are ready after (n,) more samples in [-1, 1]; may be none."""
        whole = np.clip(np.round(samples * 32768), -32768, 32767).astype("<i2")
        if self._container is None or self._stream is None:
            self._sink.write(whole.tobytes())
        elif len(whole):
            frame = av.AudioFrame.from_ndarray(whole[None], format="s16", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = self._rate, self._written, Fraction(1, self._rate)
            self._container.mux(self._stream.encode(frame))
        self._written += len(whole)
        return self._taken()

    def finish(self) -> bytes:
        """The last bytes."""
        if self._container is not None and self._stream is not None:
            self._container.mux(self._stream.encode(None))
            self.close()
        return self._taken()

    def _taken(self) -> bytes:
        return b"" if self._stored else bytes(self._sink.taken())

    def close(self) -> None:
        """Free everything; what has not been taken is lost."""
        container, self._container, self._stream = self._container, None, None
        if container is not None:
            container.close()


class _Sink:
    """What libav writes to: there is no way back in it."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def taken(self) -> bytes:
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)
