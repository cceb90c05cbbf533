"""What is told of a voice that could not go on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Fallback:
    """One voice that could not go on."""

    engine: str
    """Whose voice it was: ``xtts``."""
    reason: str
    """Code of what befell it: ``voice_slow``."""
    sentence: dict[str, str]
    """The same for a person, by language: ``en`` and ``ru``."""
    piece: int
    """Number, from 0, of the sentence of the text from which on the next one speaks."""
    voice: str
    """Name of the voice that took over."""
