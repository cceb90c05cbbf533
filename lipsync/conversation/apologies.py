"""Sentences that are spoken where a stage of an answer fails or takes too long."""

from __future__ import annotations

from typing import Literal

from lipsync.messages import Message

ApologyCode = Literal["llm_slow", "llm_failed", "llm_cut", "not_heard"]
"""No text came in time; no text came; the text was too long; the question was not understood."""

_SENTENCES: dict[ApologyCode, Message] = {
    "llm_slow": Message("spoken.llm_slow"),
    "llm_failed": Message("spoken.llm_failed"),
    "llm_cut": Message("spoken.llm_cut"),
    "not_heard": Message("spoken.not_heard"),
}


def apology(code: ApologyCode, language: str) -> str:
    """The sentence in ``language``, a code; in English for languages without a catalogue."""
    return _SENTENCES[code].text(language)
