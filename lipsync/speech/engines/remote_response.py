"""Validation of the response of a remote voice: complete sound of a known format and a plausible length."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lipsync.audio.decode import read_sound
from lipsync.audio.errors import AudioError, AudioTooLongError
from lipsync.audio.silence import MIN_ENGINE_PEAK
from lipsync.audio.wav import completeness, is_wav
from lipsync.messages import Message
from lipsync.speech.errors import RemoteVoiceError

_MAX_EXTRA_S, _MAX_S_PER_CHARACTER = 10.0, 0.5
"""Maximum seconds of sound: a constant, and per character. Eight times the usual length."""
_MIN_S_PER_CHARACTER = 1 / 60
"""Minimum seconds per character: the fastest speakers say 30 characters per second."""
_MAX_BYTES_PER_S = 200_000
"""Bytes per second of uncompressed sound: 48 kHz, two channels, 16 bits."""

_CUT = Message("sound.truncated")
_OPEN = Message("sound.unknown_length")
NO_SOUND = Message("sound.not_sound")
_PAGE = Message("sound.text_page")
_TOO_LONG = Message("sound.too_long")
_TOO_SHORT = Message("sound.too_short")
_SILENCE = Message("sound.silence")


def max_response_s(text: str) -> float:
    """Maximum seconds of sound for ``text``."""
    return _MAX_EXTRA_S + _MAX_S_PER_CHARACTER * len(text)


def max_response_bytes(text: str) -> int:
    """Maximum bytes of a response for ``text``."""
    return round(max_response_s(text) * _MAX_BYTES_PER_S)


def decode_response(body: bytes, text: str, rate: int, host: str, *, is_framed: bool) -> NDArray[np.float32]:
    """Decode the response ``body`` for ``text``: (n,) float32 mono samples at ``rate`` Hz.

    ``is_framed`` states whether HTTP gave the end of the body, so that it is known to be complete. Without that, a
    WAV of unstated length, as streaming servers write it, could be truncated.

    Raises RemoteVoiceError, which says what the body is instead of speech.
    """
    if body.lstrip()[:1] in (b"<", b"{", b"["):
        raise RemoteVoiceError("remote_not_sound", host=host, what=_PAGE)
    if is_wav(body):
        state = completeness(body)
        if state == "truncated":
            raise RemoteVoiceError("remote_not_sound", host=host, what=_CUT)
        if state == "unknown" and not is_framed:
            raise RemoteVoiceError("remote_not_sound", host=host, what=_OPEN)
    elif _is_truncated_mp3(body):
        raise RemoteVoiceError("remote_not_sound", host=host, what=_CUT)
    try:
        samples = read_sound(body, rate, max_seconds=max_response_s(text))
    except AudioTooLongError as error:
        raise RemoteVoiceError("remote_not_sound", host=host, what=_TOO_LONG) from error
    except AudioError as error:
        raise RemoteVoiceError("remote_not_sound", host=host, what=NO_SOUND) from error
    if np.abs(samples).max(initial=0.0) < MIN_ENGINE_PEAK:
        raise RemoteVoiceError("remote_not_sound", host=host, what=_SILENCE)
    if len(samples) / rate < _MIN_S_PER_CHARACTER * len(text):
        raise RemoteVoiceError("remote_not_sound", host=host, what=_TOO_SHORT)
    return samples


def _is_truncated_mp3(body: bytes) -> bool:
    """Whether an MP3 ends before the length in its Xing or Info header. False without such a header."""
    start = 0
    if body[:3] == b"ID3" and len(body) > 10:
        sizes = body[6:10]
        start = 10 + (sizes[0] << 21 | sizes[1] << 14 | sizes[2] << 7 | sizes[3])  # ID3v2.4, 6.2: seven bits each
    head = body[start : start + 64]
    place = max(head.find(b"Xing"), head.find(b"Info"))
    if place < 0 or len(head) < place + 16 or not head[place + 7] & 2:
        return False
    has_frame_count = head[place + 7] & 1  # it precedes the count of bytes
    at = place + 8 + 4 * has_frame_count
    # Some encoders count this first frame and some do not: allow two frames.
    return len(body) - start < int.from_bytes(head[at : at + 4], "big") - 2 * 1441
