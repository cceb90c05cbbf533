"""Rewriting rules: patterns that replace parts of a text by their spoken form."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class NormalizedSpan:
    """A part of a text and its spoken form."""

    written: str
    """The original text."""
    spoken: str | None = None
    """The spoken form in words; None if it equals the original text."""

    @property
    def speech_text(self) -> str:
        """The input of a voice for this part."""
        return self.written if self.spoken is None else self.spoken


Replace = Callable[[re.Match[str]], str | None]
"""Returns the spoken form of a match, or None to leave it unchanged."""


@dataclass(frozen=True)
class Rule:
    """A pattern, and a function that returns the spoken form of a match."""

    pattern: re.Pattern[str]
    replace: Replace

    def apply(self, spans: tuple[NormalizedSpan, ...]) -> tuple[NormalizedSpan, ...]:
        """Replace all matches in spans that no earlier rule has replaced."""
        result: list[NormalizedSpan] = []
        for span in spans:
            if span.spoken is not None:
                result.append(span)
                continue
            text, position = span.written, 0
            for match in self.pattern.finditer(text):
                spoken = self.replace(match)
                if spoken is None:
                    continue
                if match.start() > position:
                    result.append(NormalizedSpan(text[position : match.start()]))
                result.append(NormalizedSpan(match[0], spoken))
                position = match.end()
            if position < len(text):
                result.append(NormalizedSpan(text[position:]))
        return tuple(result)
