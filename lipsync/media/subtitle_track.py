"""A track of subtitles inside of an MP4: 3GPP Timed Text (3GPP TS 26.245), which players show when asked."""

from __future__ import annotations

from fractions import Fraction

import av
from av.container import OutputContainer
from av.stream import Stream
from av.subtitles.stream import SubtitleStream

_TICKS = 1000
"""Times are whole milliseconds."""
_ISO_639_2 = {
    "ru": "rus", "en": "eng", "uk": "ukr", "kk": "kaz", "be": "bel", "uz": "uzb", "ka": "kat", "de": "deu",
    "fr": "fra", "es": "spa", "it": "ita", "pt": "por", "pl": "pol", "cs": "ces", "tr": "tur",
}  # fmt: skip
"""The three letters by which an MP4 names a language."""
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
"""White, at the bottom, in the middle: as a header of Advanced SubStation Alpha."""


class SubtitleTrack:
    """Subtitles of ``container``, which has not begun to be written. For one thread."""

    def __init__(self, container: OutputContainer, language: str) -> None:
        """``language`` is a code of ISO 639-1."""
        self._stream: SubtitleStream = container.add_stream("mov_text")
        # The encoder is opened for its description of the style, which Apple's players need. What it makes of a text
        # is two bytes and the text, so that is written here, without ASS in between.
        self._stream.codec_context.subtitle_header = _STYLE
        self._stream.codec_context.time_base = self._stream.time_base = Fraction(1, _TICKS)
        self._stream.metadata["language"] = _ISO_639_2.get(language, "und")

    def packet(self, start: float, end: float, text: str) -> av.Packet[Stream]:
        """The next subtitle, in seconds, not before the end of the one before it."""
        data = text.encode("utf-8")[:65_535]
        packet = av.Packet(len(data).to_bytes(2, "big") + data)
        packet.stream = self._stream
        packet.time_base = Fraction(1, _TICKS)
        packet.pts = packet.dts = round(start * _TICKS)
        packet.duration = max(1, round(end * _TICKS) - packet.pts)
        packet.is_keyframe = True
        return packet
