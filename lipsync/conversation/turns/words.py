"""Which transcripts are words that somebody said to the avatar."""

from __future__ import annotations

from collections.abc import Sequence

from lipsync.conversation.turns.events import TranscriptReady
from lipsync.hearing.echo import repeats_own_words
from lipsync.hearing.short_words import is_backchannel, is_command

MAX_NO_SPEECH = 0.6
"""Whisper base writes sentences about noise with 0.74 to 0.90, about natural voices with less than 0.1."""
MIN_WORDS_S = 0.4
"""Seconds of voice below which only commands such as "stop" are words over an answer."""


def heard_words(transcript: TranscriptReady, own_words: Sequence[str], *, voiced_s: float, over_answer: bool) -> str:
    """Return the words of ``transcript``; "" where it is noise, an echo, or a sign of attention over an answer.

    ``own_words``: what the avatar said in the last seconds. ``voiced_s``: seconds of voice in the sound.
    ``over_answer``: whether an answer was spoken meanwhile.
    """
    text, language = transcript.text.strip(), transcript.language
    if transcript.no_speech_probability > MAX_NO_SPEECH or repeats_own_words(text, own_words):
        return ""
    if not over_answer:
        return text
    is_short = voiced_s < MIN_WORDS_S and not is_command(text, language)
    return "" if is_short or is_backchannel(text, language) else text
