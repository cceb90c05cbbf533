"""Recognizes that a small model repeats itself."""

from __future__ import annotations

from lipsync.text.similarity import fold_words

_PHRASE_WORDS = 5
"""Words in a row that a short reply does not hold twice."""


class RepetitionCheck:
    """Receives the parts of a reply in order."""

    def __init__(self) -> None:
        self._parts: set[str] = set()
        self._phrases: set[tuple[str, ...]] = set()
        self._last: list[str] = []

    def is_repeated(self, part: str) -> bool:
        """Whether ``part`` says what was said before: the same part, or five words in a row of an earlier one, or of
        itself."""
        words = fold_words(part)
        key = " ".join(words)
        if key in self._parts and len(words) > 1:
            return True
        window = [*self._last, *words]
        phrases = [tuple(window[index : index + _PHRASE_WORDS]) for index in range(len(window) - _PHRASE_WORDS + 1)]
        repeated = any(phrase in self._phrases for phrase in phrases) or len(set(phrases)) < len(phrases)
        self._parts.add(key)
        self._phrases.update(phrases)
        self._last = window[-(_PHRASE_WORDS - 1) :]
        return repeated
