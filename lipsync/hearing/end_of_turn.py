"""End of turn by pause and by the last recognized words.

A network that hears the end of a turn (Smart Turn 3.2) was measured and is not used: it takes 0.12 s a run and calls
50 of 60 sentences finished that are cut in the middle. The words cost nothing.
"""

from __future__ import annotations

import re

from lipsync.hearing.unfinished_words import UNFINISHED

FINISHED_S = 0.5
"""Seconds of silence after a finished sentence. Shorter pauses are inside of sentences."""
OPEN_S = 0.8
"""Seconds of silence after words that may be an end."""
UNFINISHED_S = 1.2
"""Seconds of silence after a word that no sentence ends with, a comma, or a filler."""

_CONTINUES = (",", ":", ";", "-", "–", "—", "…", "...")
_ENDS = (".", "!", "?", "。", "！", "？")
_CLOSING = "\"'”’»)]"
_MAX_WORDS = 3
"""Words of the longest entries of UNFINISHED."""


class TextTurnDetector:
    """A TurnDetector that looks at the end of the transcript."""

    def required_silence(self, text: str, language: str) -> float:
        """Seconds of silence after which the turn that ends in ``text`` is over, FINISHED_S to UNFINISHED_S.

        Whisper puts a full stop wherever the sound ends, so the last words count before it; a question or exclamation
        mark is believed. Without any text, which noise may have caused, the longest silence is required.
        """
        end = text.strip().rstrip(_CLOSING)
        if not end or end.endswith(_CONTINUES):
            return UNFINISHED_S
        if end.endswith(("?", "!", "？", "！")):
            return FINISHED_S
        if _ends_unfinished(end, language):
            return UNFINISHED_S
        return FINISHED_S if end.endswith(_ENDS) else OPEN_S


def _ends_unfinished(text: str, language: str) -> bool:
    """Whether the last words of ``text`` want others after them."""
    unfinished = UNFINISHED.get(language, frozenset())
    words = re.findall(r"[\w'’ʻ-]+", text.casefold().replace("’", "'"))[-_MAX_WORDS:]
    return any(" ".join(words[-count:]) in unfinished for count in range(1, len(words) + 1))
