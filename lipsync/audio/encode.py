"""Streaming audio encoding: the encoded bytes can be sent before all of the sound is known."""

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
    """An audio file format."""

    mime: str
    """Media type."""
    muxer: str = ""
    """Name of libav's muxer; empty if the samples are written as they are."""
    codec: str = ""
    bit_rate: int = 0
    """Bits per second; 0 for lossless formats."""
    is_streamed: bool = True
    """Whether the file can be sent before its length is known. Otherwise :mod:`lipsync.audio.sound_file` writes
    it."""


FORMATS = {
    "mp3": SoundFormat("audio/mpeg", "mp3", "libmp3lame", 96_000),
    "opus": SoundFormat("audio/ogg", "ogg", "libopus", 48_000),
    "aac": SoundFormat("audio/aac", "adts", "aac", 96_000),
    "flac": SoundFormat("audio/flac", "flac", "flac", is_streamed=False),
    "wav": SoundFormat("audio/wav", is_streamed=False),
    "pcm": SoundFormat("audio/pcm"),
}
"""Formats by their names in OpenAI's API. WAV and PCM are 16-bit little-endian; PCM has no header."""

_MUXING = {
    "mp3": {"write_xing": "0"},
    "ogg": {"page_duration": "200000"},
}  # no header to seek back to; 0.2 s per Ogg page


class SoundWriter:
    """Encodes mono sound. Not thread-safe; :meth:`finish` or :meth:`close` frees the encoder."""

    def __init__(self, name: str, rate: int, file: IO[bytes] | None = None) -> None:
        """``name`` is one of FORMATS; ``rate`` in Hz must be supported by all encoders: 24000 or 48000.

        With ``file``, the bytes are written there instead of being returned. Formats that are not streamed need a
        seekable one; of a WAV only the samples are written.
        """
        if file is None and not FORMATS[name].is_streamed:
            raise ValueError(f"{name} cannot be written as a stream")
        self.format = FORMATS[name]
        self._rate = rate
        self._stored = file is not None
        self._sink: Any = _WriteOnlyBuffer() if file is None else file
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
        """Encode (n,) more samples in [-1, 1]; return the bytes that are ready, possibly none."""
        whole = np.clip(np.round(samples * 32768), -32768, 32767).astype("<i2")
        if self._container is None or self._stream is None:
            self._sink.write(whole.tobytes())
        elif len(whole):
            frame = av.AudioFrame.from_ndarray(whole[None], format="s16", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = self._rate, self._written, Fraction(1, self._rate)
            self._container.mux(self._stream.encode(frame))
        self._written += len(whole)
        return self._drain()

    def finish(self) -> bytes:
        """Return the last bytes."""
        if self._container is not None and self._stream is not None:
            self._container.mux(self._stream.encode(None))
            self.close()
        return self._drain()

    def _drain(self) -> bytes:
        return b"" if self._stored else bytes(self._sink.drain())

    def close(self) -> None:
        """Free the encoder; bytes that have not been returned are lost."""
        container, self._container, self._stream = self._container, None, None
        if container is not None:
            container.close()


class _WriteOnlyBuffer:
    """A file object without seeking that collects the bytes written by libav."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def drain(self) -> bytes:
        """Return and remove the collected bytes."""
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)
