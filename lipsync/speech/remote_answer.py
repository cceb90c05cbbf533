"""Whether what a remote voice answered is speech: sound of a kind that is known, whole, and of a sane length."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lipsync.errors import LipsyncError
from lipsync.media.sound import read_sound
from lipsync.media.wav import completeness, is_wav
from lipsync.speech.pieces import MUTE

_LONGEST_START, _LONGEST = 10.0, 0.5
"""Seconds, and seconds a character, that a text may take: eight times as long as it usually does."""
_SHORTEST = 1 / 60
"""Seconds a character that it takes at least: the fastest speakers say 30 characters a second."""
_BYTES_A_SECOND = 200_000
"""Of sound without compression: 48 kHz, two channels, 16 bits."""

_CUT = {"en": "half of a sound", "ru": "половину записи"}
_OPEN = {
    "en": "a WAV of unknown length over a connection that does not state where the answer ends",
    "ru": "WAV неизвестной длины по соединению, которое не сообщает, где кончается ответ",
}
NO_SOUND = {"en": "something that is no sound", "ru": "не звук"}
_PAGE = {"en": "a page of text", "ru": "текстовую страницу"}
_TOO_LONG = {"en": "far more sound than the text has", "ru": "звук намного длиннее текста"}
_TOO_SHORT = {"en": "far less sound than the text has", "ru": "звук намного короче текста"}
_SILENCE = {"en": "silence", "ru": "тишину"}


def longest(text: str) -> float:
    """Seconds of sound at most for ``text``."""
    return _LONGEST_START + _LONGEST * len(text)


def most_bytes(text: str) -> int:
    """Size of an answer at most for ``text``."""
    return round(longest(text) * _BYTES_A_SECOND)


def heard(body: bytes, text: str, rate: int, host: str, *, is_framed: bool) -> NDArray[np.float32]:
    """(n,) samples of the answer ``body`` to ``text``, ``rate`` a second.

    ``is_framed`` says whether HTTP stated where the body ends, so that it is known to have come whole. Without that a
    WAV whose header leaves its length open, as streaming servers write it, could be half of one.

    Raises LipsyncError remote_not_sound, which says what it is instead.
    """
    if body.lstrip()[:1] in (b"<", b"{", b"["):
        raise LipsyncError("remote_not_sound", host=host, what=_PAGE)
    if is_wav(body):
        state = completeness(body)
        if state == "truncated":
            raise LipsyncError("remote_not_sound", host=host, what=_CUT)
        if state == "unknown" and not is_framed:
            raise LipsyncError("remote_not_sound", host=host, what=_OPEN)
    elif _is_truncated_mp3(body):
        raise LipsyncError("remote_not_sound", host=host, what=_CUT)
    try:
        samples = read_sound(body, rate, max_seconds=longest(text))
    except LipsyncError as error:
        what = _TOO_LONG if error.code == "sound_too_long" else NO_SOUND
        raise LipsyncError("remote_not_sound", host=host, what=what) from error
    if np.abs(samples).max(initial=0.0) < MUTE:
        raise LipsyncError("remote_not_sound", host=host, what=_SILENCE)
    if len(samples) / rate < _SHORTEST * len(text):
        raise LipsyncError("remote_not_sound", host=host, what=_TOO_SHORT)
    return samples


def _is_truncated_mp3(body: bytes) -> bool:
    """Whether an MP3 ends before the length that it states itself. (Many state none.)"""
    start = 0
    if body[:3] == b"ID3" and len(body) > 10:
        sizes = body[6:10]
        start = 10 + (sizes[0] << 21 | sizes[1] << 14 | sizes[2] << 7 | sizes[3])  # ID3v2.4, 6.2: seven bits each
    head = body[start : start + 64]
    place = max(head.find(b"Xing"), head.find(b"Info"))
    if place < 0 or len(head) < place + 16 or not head[place + 7] & 2:
        return False
    frames_too = head[place + 7] & 1  # then the count of frames stands before the count of bytes
    at = place + 8 + 4 * frames_too
    # Encoders count this first frame or they do not: a frame or two is no matter.
    return len(body) - start < int.from_bytes(head[at : at + 4], "big") - 2 * 1441
