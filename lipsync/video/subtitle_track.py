"""A subtitle track in an MP4: 3GPP Timed Text (3GPP TS 26.245)."""

from __future__ import annotations

from fractions import Fraction

import av
from av.container import OutputContainer
from av.stream import Stream
from av.subtitles.stream import SubtitleStream

_TICKS = 1000
"""Time base: ticks per second."""
_ISO_639_2 = {
    "ru": "rus", "en": "eng", "uk": "ukr", "kk": "kaz", "be": "bel", "uz": "uzb", "ka": "kat", "de": "deu",
    "fr": "fra", "es": "spa", "it": "ita", "pt": "por", "pl": "pol", "cs": "ces", "tr": "tur",
}  # fmt: skip
"""ISO 639-2 codes, as used in MP4, by ISO 639-1 code."""
_STYLE = b"""[Script Info]
ScriptType: v4.00+
PlayResX: 384
PlayResY: 288
[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, \
Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, \
MarginV, Encoding
Style: Default,Arial,16,&Hffffff,&Hffffff,&H0,&H0,0,0,0,0,100,100,0,0,1,1,0,2,10,10,10,1
[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""
"""Header in Advanced SubStation Alpha: white text, centred at the bottom."""


class SubtitleTrack:
    """A subtitle track of ``container``, which must not have been started yet. Not thread-safe."""

    def __init__(self, container: OutputContainer, language: str) -> None:
        """``language`` is an ISO 639-1 code."""
        self._stream: SubtitleStream = container.add_stream("mov_text")
        # The encoder is opened for its style description, which Apple's players need. Its encoding of a text is a
        # two-byte length and the text, which is written here without ASS in between.
        self._stream.codec_context.subtitle_header = _STYLE
        self._stream.codec_context.time_base = self._stream.time_base = Fraction(1, _TICKS)
        self._stream.metadata["language"] = _ISO_639_2.get(language, "und")

    def packet(self, start: float, end: float, text: str) -> av.Packet[Stream]:
        """The packet of the next subtitle, in seconds; it must not begin before the end of the previous one."""
        data = text.encode("utf-8")[:65_535]
        packet = av.Packet(len(data).to_bytes(2, "big") + data)
        packet.stream = self._stream
        packet.time_base = Fraction(1, _TICKS)
        packet.pts = packet.dts = round(start * _TICKS)
        packet.duration = max(1, round(end * _TICKS) - packet.pts)
        packet.is_keyframe = True
        return packet
