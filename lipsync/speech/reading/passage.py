"""A text of which more and more is known how it is said."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Reading:
    """A part of a text."""

    written: str
    """As it stands in the text."""
    spoken: str | None = None
    """As it is said, in words; None where that is the same."""

    @property
    def said(self) -> str:
        """What a voice is given."""
        return self.written if self.spoken is None else self.spoken


Say = Callable[[re.Match[str]], str | None]
"""What a find is said as; None: it is no such thing, leave it."""


@dataclass(frozen=True)
class Rule:
    """What to look for, and how it is said."""

    pattern: re.Pattern[str]
    say: Say

    def apply(self, passage: tuple[Reading, ...]) -> tuple[Reading, ...]:
        """The passage with every find read; what an earlier rule has read stays as it is."""
        found: list[Reading] = []
        for reading in passage:
            if reading.spoken is not None:
                found.append(reading)
                continue
            text, place = reading.written, 0
            for match in self.pattern.finditer(text):
                spoken = self.say(match)
                if spoken is None:
                    continue
                if match.start() > place:
                    found.append(Reading(text[place : match.start()]))
                found.append(Reading(match[0], spoken))
                place = match.end()
            if place < len(text):
                found.append(Reading(text[place:]))
        return tuple(found)
